import type { EventLog } from '../../../pkg/eventlog/event-log.ts';
import { isDrained } from '../../../pkg/pipeline/checkpointer.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { eventually } from '../../support/eventually.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import type { Ticks } from './ticks.ts';

const CHUNK = 5000;
const START_US = 1_700_000_000_000_000;
const DRAINED_WITHIN_MS = 300_000;

/** Appends ticks of a market that is over, at once. @param stepUs - Market time from one tick to the next. */
export async function appendBacklog(
  log: EventLog,
  ticks: Ticks,
  { events, stepUs, from = 0 }: { events: number; stepUs: number; from?: number },
): Promise<void> {
  for (let at = from; at < from + events; at += CHUNK) {
    const count = Math.min(CHUNK, from + events - at);
    const records = Array.from({ length: count }, (_, i) => ticks.next(START_US + (at + i) * stepUs));
    await log.append(TOPICS.marketData, records);
  }
}

/** How a group came to the end of its topic. */
export interface Drain {
  readonly records: number;
  readonly seconds: number;
  /** Processor time of its one process. */
  readonly cpuSeconds: number;
}

/** Measures until a group has read a topic to its end, from its first commit on: the start of a process is not counted. */
export async function drained(log: EventLog, group: string, topic: string, pid: number): Promise<Drain> {
  const committed = async (): Promise<number> => {
    let sum = 0;
    for (const { partition, startOffset } of await log.positions(topic))
      sum += ((await log.committed(group, topic, partition)) ?? startOffset) - startOffset;
    return sum;
  };
  const first = await eventually(async () => {
    const records = await committed();
    return records > 0 && { records, atMs: systemClock.monotonicMs(), cpu: cpuSeconds(pid) };
  }, DRAINED_WITHIN_MS);
  await eventually(() => isDrained(log, [{ group, topics: [topic] }]), DRAINED_WITHIN_MS);
  const seconds = (systemClock.monotonicMs() - first.atMs) / 1000;
  return { seconds, records: (await committed()) - first.records, cpuSeconds: cpuSeconds(pid) - first.cpu };
}
