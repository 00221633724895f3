import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog, NewRecord } from '../../../pkg/eventlog/event-log.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import type { Ticks } from './ticks.ts';

/** Ticks are appended as they come, those of one turn of the timer together, as a live collector does. */
const TURN_MS = 1;

/** Rate and end of a stream of ticks, and who hears of it. */
export interface TickStream {
  readonly ticksPerSecond: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told when the log has the ticks of one turn. @param arrivedUs - When they came to be. */
  readonly onAcknowledged?: (arrivedUs: number, count: number) => void;
}

/**
 * Appends ticks at a rate until it is told to end, whether the log keeps up or not.
 *
 * @returns Ticks that the log had not acknowledged at the end.
 */
export async function sendTicks(
  log: EventLog,
  ticks: Ticks,
  { ticksPerSecond, signal, onAcknowledged }: TickStream,
): Promise<number> {
  const begunMs = systemClock.monotonicMs();
  let [sent, acknowledged] = [0, 0];
  let failure: { readonly error: unknown } | undefined;
  while (!signal.aborted && failure === undefined) {
    await sleep(TURN_MS);
    const spent = (systemClock.monotonicMs() - begunMs) / 1000;
    const nowUs = systemClock.nowUs();
    const records: NewRecord[] = [];
    for (; sent < spent * ticksPerSecond; sent += 1) records.push(ticks.next(nowUs));
    if (records.length === 0) continue;
    log.append(TOPICS.marketData, records).then(
      () => {
        acknowledged += records.length;
        onAcknowledged?.(nowUs, records.length);
      },
      (error: unknown) => {
        failure ??= { error };
      },
    );
  }
  if (failure !== undefined) throw failure.error;
  return sent - acknowledged;
}
