import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog } from '../../../pkg/eventlog/event-log.ts';
import { ingestTimeUs } from '../../../pkg/pipeline/ingest-time.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import { QuantileSketch } from '../../../pkg/runtime/quantiles.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { Ticks } from './ticks.ts';

/** Ticks are appended as they come, those of one turn of the timer together, as a live collector does. */
const TURN_MS = 2;
const WARM_UP_MS = 3000;

/** Milliseconds from the arrival of a tick. */
export interface HopLatencies {
  /** To its place in market data, acknowledged. */
  readonly appended: QuantileSketch;
  /** To a reader of the vectors, and of the predictions, of the bar that it closed. */
  readonly features: QuantileSketch;
  readonly signals: QuantileSketch;
  /** Ticks a second that were appended. */
  readonly ticksPerSecond: number;
}

/** Appends ticks at a rate for a time, and reads what comes of them. @param symbols - How many. */
export async function measureLatency(
  log: EventLog,
  { ticksPerSecond, seconds, symbols }: { ticksPerSecond: number; seconds: number; symbols: number },
): Promise<HopLatencies> {
  const sketches = {
    appended: new QuantileSketch(),
    features: new QuantileSketch(),
    signals: new QuantileSketch(),
  };
  const begunMs = systemClock.monotonicMs();
  const measureFromUs = systemClock.nowUs() + WARM_UP_MS * 1000;
  const note = (sketch: QuantileSketch, arrivedUs: number): void => {
    if (arrivedUs >= measureFromUs) sketch.add((systemClock.nowUs() - arrivedUs) / 1000);
  };
  const readers = await Promise.all(
    (['features', 'signals'] as const).map((topic) =>
      log.consume(
        { group: `bench-${topic}`, topics: [TOPICS[topic]] },
        {
          onBatch: async ({ records }) => {
            for (const record of records) note(sketches[topic], ingestTimeUs(record, 0));
          },
        },
      ),
    ),
  );
  const ticks = new Ticks(symbols);
  let sent = 0;
  let failure: unknown;
  const lastMs = WARM_UP_MS + 1000 * seconds;
  for (let spentMs = 0; spentMs < lastMs && failure === undefined; ) {
    await sleep(TURN_MS);
    spentMs = systemClock.monotonicMs() - begunMs;
    const records = [];
    const nowUs = systemClock.nowUs();
    for (; sent < (spentMs / 1000) * ticksPerSecond; sent += 1) records.push(ticks.next(nowUs));
    if (records.length === 0) continue;
    log.append(TOPICS.marketData, records).then(
      () => note(sketches.appended, nowUs),
      (error: unknown) => {
        failure = error;
      },
    );
  }
  const spentMs = systemClock.monotonicMs() - begunMs;
  await sleep(1000);
  await Promise.all(readers.map((reader) => reader.stop(5000)));
  if (failure !== undefined) throw failure;
  return { ...sketches, ticksPerSecond: (1000 * sent) / spentMs };
}
