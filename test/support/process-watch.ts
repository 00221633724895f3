import { readFileSync, writeFileSync } from 'node:fs';

import { sumOf } from '../../cmd/tradewind/distributed/tally.ts';
import type { RunningService } from './services.ts';

const KIB = 1024;

/** What a process went through while it was watched. */
export interface Watched {
  /** Largest resident memory over that at the begin, MiB, as the kernel has kept it. */
  readonly peakGrowthMiB: number;
  /** Counters that grew, by name, and by how much. */
  readonly alarms: Readonly<Record<string, number>>;
}

/** Watches the memory and the counters of a process from here on, from outside of it. @param counters - Names of metrics, summed over their labels. */
export async function watch(
  service: RunningService,
  counters: readonly string[],
): Promise<{ end(): Promise<Watched> }> {
  // Makes the peak that the kernel keeps begin anew.
  writeFileSync(`/proc/${service.pid}/clear_refs`, '5');
  const beganKib = memoryKib(service.pid, 'VmRSS');
  const before = await counts(service, counters);
  return {
    end: async () => {
      const after = await counts(service, counters);
      const grown = counters.map((name, i) => [name, after[i]! - before[i]!] as const);
      return {
        peakGrowthMiB: Math.round((10 * (memoryKib(service.pid, 'VmHWM') - beganKib)) / KIB) / 10,
        alarms: Object.fromEntries(grown.filter(([, by]) => by > 0)),
      };
    },
  };
}

/** Sum of a metric of a process over its labels. */
export async function metricOf(service: RunningService, name: string): Promise<number> {
  return (await counts(service, [name]))[0]!;
}

async function counts(service: RunningService, names: readonly string[]): Promise<readonly number[]> {
  const text = await (await fetch(`http://${service.address('http')}/metrics`)).text();
  return names.map((name) => sumOf(name, text));
}

function memoryKib(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)![1]);
}
