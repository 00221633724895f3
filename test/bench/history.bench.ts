/**
 * The embedded history: rows per second that the writer gets into the engine (ticks, features with their bars) and that the
 * point-in-time reader gives back.
 *
 * Flags: --json; --repeats N (5); --rows N (50,000 ticks and as many vectors of 40 features).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FeatureVector } from '../../pkg/features/feature-vector.ts';
import { startEngine } from '../../pkg/history/embedded/start-engine.ts';
import { History } from '../../pkg/history/history.ts';
import { barRow, featureRow, tickRow } from '../../pkg/history/rows.ts';
import type { Quote } from '../../pkg/marketdata/events.ts';
import { createRandom } from '../../pkg/runtime/random.ts';
import { benchFlags } from './flags.ts';
import { report } from './report.ts';

const FEATURES = 40;
const CHUNK = 1000;
const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '5' },
    rows: { type: 'string', default: '50000' },
  },
});
const rows = Number(flags.rows);
const random = createRandom(1);
const START_US = 1_700_000_000_000_000;

const ticks: readonly Quote[] = Array.from({ length: rows }, (_, sequence) => {
  const bidPrice = 5000 + random.normal();
  const time = START_US + sequence * 1000;
  return {
    ...{ kind: 'quote', source: 'bench', symbol: 'ES', sequence, eventTimeUs: time, receiveTimeUs: time },
    ...{ bidPrice, bidSize: 10, askPrice: bidPrice + 0.25, askSize: 12 },
  };
});
const vectors: readonly FeatureVector[] = Array.from({ length: rows }, (_, offset) => {
  const timeUs = START_US + offset * 1_000_000;
  const prices = { open: 1, high: 2, low: 0.5, close: 1.5, volume: 3, buyVolume: 1, sellVolume: 2 };
  return {
    ...{ symbol: 'ES', featureSet: 'core-v1', timeUs, knownTimeUs: timeUs, offset },
    values: Float64Array.from({ length: FEATURES }, () => random.normal()),
    bar: {
      ...{ symbol: 'ES', startTimeUs: timeUs - 1_000_000, endTimeUs: timeUs, ...prices },
      ...{ tradeCount: 4, quoteCount: 5, bidPrice: 1, bidSize: 7, askPrice: 1.5, askSize: 8 },
    },
  };
});

/** @returns Items per second of `work` over `rows` of them. */
async function rateOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return rows / ((performance.now() - begun) / 1000);
}

const folder = await mkdtemp(join(tmpdir(), 'tradewind-bench-'));
const engine = await startEngine(folder);
try {
  const rates = { ticks: [] as number[], features: [] as number[], read: [] as number[] };
  // The first round warms engine and compiler up and does not count.
  for (let round = -1; round < Number(flags.repeats); round += 1) {
    const history = await History.open({ ...engine, database: `round_${round + 1}` });
    const writer = history.writer();
    const writeTicks = await rateOf(async () => {
      for (let i = 0; i < rows; i += CHUNK)
        await writer.write('ticks', ticks.slice(i, i + CHUNK).map(tickRow));
      await writer.flush();
    });
    const writeFeatures = await rateOf(async () => {
      for (let i = 0; i < rows; i += CHUNK) {
        const chunk = vectors.slice(i, i + CHUNK);
        await writer.write(
          'bars',
          chunk.map((vector) => barRow(vector, 'time:1000')),
        );
        await writer.write('features', chunk.map(featureRow));
      }
      await writer.flush();
    });
    const read = await rateOf(async () => {
      const dataset = await history.readDataset({ featureSet: 'core-v1', bar: 'time:1000' });
      if (dataset.length !== rows) throw new Error(`dataset must have ${rows} rows, had ${dataset.length}`);
    });
    await history.close();
    if (round < 0) continue;
    rates.ticks.push(writeTicks);
    rates.features.push(writeFeatures);
    rates.read.push(read);
  }
  report(
    'history',
    [
      { name: 'ticks written', unit: 'rows/s', values: rates.ticks },
      { name: `vectors of ${FEATURES} and bars written`, unit: 'vectors/s', values: rates.features },
      { name: 'dataset read as of a time', unit: 'rows/s', values: rates.read },
    ],
    { json: flags.json, facts: { rows } },
  );
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}
