/**
 * A gateway's requests to predictor processes that serve the trained ensemble: its pool, with streams, deadlines and balancing,
 * at 1, 8 and 32 in flight over one and over two predictors. All processes share the machine.
 *
 * Flags: --json; --repeats N (3).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { manifestSchema } from '../../pkg/artifacts/manifest.ts';
import { eventually } from '../support/eventually.ts';
import { openPool, QUICK, type TestPool } from '../support/predictor-pool.ts';
import { startService } from '../support/services.ts';
import { benchFlags } from './flags.ts';
import { trainedEnsemble } from './ensemble.ts';
import { loadFigures, type LoadResult, summarise } from './load.ts';
import { report } from './report.ts';

const CALLS_BY_IN_FLIGHT: ReadonlyMap<number, number> = new Map([
  [1, 2_000],
  [8, 8_000],
  [32, 20_000],
]);
/** Nothing is tried twice: what a busy machine delays must not look like more load. */
const SETTINGS = { ...QUICK, timeoutMs: 10_000, attemptTimeoutMs: 10_000 };

const flags = benchFlags({
  options: { json: { type: 'boolean', default: false }, repeats: { type: 'string', default: '3' } },
});

async function load(
  { infer }: TestPool,
  row: Float32Array,
  inFlight: number,
  calls: number,
): Promise<LoadResult> {
  const durationsMs: number[] = [];
  let failed = 0;
  let left = calls;
  const startMs = performance.now();
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sentMs = performance.now();
      try {
        await infer(row, 1);
        durationsMs.push(performance.now() - sentMs);
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return summarise(durationsMs, performance.now() - startMs, failed);
}

const artifact = await trainedEnsemble();
const { contract } = manifestSchema.parse(JSON.parse(readFileSync(join(artifact, 'manifest.json'), 'utf8')));
const row = Float32Array.from({ length: contract.features.length }, (_, i) => Math.sin(i));
const config = { model: { uris: [artifact] } };
const predictors = [await startService('predictor', config), await startService('predictor', config)];
try {
  const figures = [];
  for (const count of [1, 2]) {
    const test = openPool(
      predictors.slice(0, count).map((each) => each.address('grpc')),
      SETTINGS,
    );
    await eventually(() => test.pool.usable.length === count);
    for (const [inFlight, calls] of CALLS_BY_IN_FLIGHT) {
      await load(test, row, inFlight, calls / 4);
      const results: LoadResult[] = [];
      for (let i = 0; i < Number(flags.repeats); i += 1) results.push(await load(test, row, inFlight, calls));
      const failed = results.reduce((sum, result) => sum + result.failed, 0);
      if (failed > 0) throw new Error(`every request must be answered, ${failed} were not`);
      figures.push(
        ...loadFigures(`${count === 1 ? 'one predictor' : 'two predictors'} @${inFlight}`, results),
      );
    }
    await test.pool.close();
  }
  report('predictors', figures, { json: flags.json, facts: { features: row.length } });
} finally {
  await Promise.all(predictors.map((each) => each.stop('SIGTERM')));
}
