import { readFileSync } from 'node:fs';

/** Of Linux, for every architecture that Node runs on: what `getconf CLK_TCK` gives. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time that a process has used, all its threads: what work costs, however busy the machine is. */
export function cpuSeconds(pid: number): number {
  // The name in brackets may hold spaces; user and system time are the 12th and 13th field after it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
