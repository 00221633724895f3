import type { EventLog } from '../../../pkg/eventlog/event-log.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { sendTicks } from './send-ticks.ts';
import type { Ticks } from './ticks.ts';

/** Who is to keep up, in the order of the data. */
const GROUPS = [
  ['features', TOPICS.marketData],
  ['gateway', TOPICS.features],
] as const;
/** Rate of a step over that of the one before. */
const RISE = 1.25;
/** Share of the ticks of a step that may be behind at its end, over what was at its start: commits come in steps too. */
const MAX_GROWTH = 0.05;

/** What a rising rate showed. */
export interface Sustained {
  /** Ticks a second of the last step over which nothing fell behind; NaN where the first step was too much. */
  readonly ticksPerSecond: number;
  /** Where records began to wait in the step that was too much. */
  readonly bottleneck: 'ingest' | 'features' | 'gateway' | 'none';
}

/**
 * Raises the rate of ticks step by step until the records that wait somewhere grow over a step.
 *
 * @param fromRate - Ticks a second of the first step.
 * @param stepSeconds - Length of a step.
 */
export async function sustainedRate(
  log: EventLog,
  ticks: Ticks,
  { fromRate, stepSeconds, steps }: { fromRate: number; stepSeconds: number; steps: number },
): Promise<Sustained> {
  let sustained = Number.NaN;
  let before = await waiting(log);
  for (let step = 0, rate = fromRate; step < steps; step += 1, rate *= RISE) {
    const ingest = await sendTicks(log, ticks, {
      ticksPerSecond: rate,
      signal: AbortSignal.timeout(1000 * stepSeconds),
    });
    const after = { ...(await waiting(log)), ingest };
    const bound = MAX_GROWTH * rate * stepSeconds;
    for (const where of ['ingest', 'features', 'gateway'] as const)
      if (after[where] - before[where] > bound) return { ticksPerSecond: sustained, bottleneck: where };
    before = after;
    sustained = rate;
  }
  return { ticksPerSecond: sustained, bottleneck: 'none' };
}

/** Records that wait for each station. */
async function waiting(log: EventLog): Promise<Record<'ingest' | 'features' | 'gateway', number>> {
  const found = { ingest: 0, features: 0, gateway: 0 };
  for (const [group, topic] of GROUPS)
    for (const { partition, startOffset, endOffset } of await log.positions(topic))
      found[group] += endOffset - ((await log.committed(group, topic, partition)) ?? startOffset);
  return found;
}
