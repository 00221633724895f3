/**
 * The model without a server. Microseconds per row of the ensemble that our trainer makes, at batches of 1, 8 and 32. Then rows per second, latency and delay of the
 * event loop with 32 requests of one row in flight, inline and on a worker thread: of that ensemble, and of one of 9,000 trees that runs for milliseconds.
 * Last what the hop to a worker and back costs. Rows are standard normal.
 *
 * Flags: --json; --repeats N (5).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { MODEL_FILE } from '../../pkg/artifacts/artifact.ts';
import { OnnxModel } from '../../pkg/inference/onnx-model.ts';
import type { Placement } from '../../pkg/inference/placement.ts';
import { encodeEnsemble } from '../../pkg/ml/onnx/encode.ts';
import { inspectOnnx } from '../../pkg/ml/onnx/inspect.ts';
import { randomEnsemble } from '../../pkg/ml/onnx/ensemble.testing.ts';
import { createRandom } from '../../pkg/runtime/random.ts';
import { benchFlags } from './flags.ts';
import { trainedEnsemble } from './ensemble.ts';
import { type LoadResult, summarise } from './load.ts';
import { type Figure, report } from './report.ts';

const BATCHES = [1, 8, 32] as const;
const ROWS_PER_BATCH_TIMING = 16_000;
const IN_FLIGHT = 32;
const LOOP_SAMPLE_MS = 1;
const PLACEMENTS: readonly Placement[] = ['inline', 'worker'];

const flags = benchFlags({
  options: { json: { type: 'boolean', default: false }, repeats: { type: 'string', default: '5' } },
});
const repeats = Number(flags.repeats);
const random = createRandom(1);

function rowsOf(model: OnnxModel, rows: number): Float32Array {
  return Float32Array.from({ length: rows * model.inputs[0]!.shape[1]! }, () => random.normal());
}

function load(bytes: Uint8Array, mode: Placement): Promise<OnnxModel> {
  const identity = { name: 'bench', version: '1', digest: '' };
  return OnnxModel.load({
    ...identity,
    bytes,
    graph: inspectOnnx(bytes),
    threads: 1,
    placement: { mode },
  });
}

/** Runs batches one after the other. @returns Microseconds per row. */
async function microsecondsPerRow(model: OnnxModel, batch: number, rows: number): Promise<number> {
  const { name, shape } = model.inputs[0]!;
  const inputs = Array.from({ length: 16 }, () => [
    { name, datatype: 'FP32' as const, shape: [batch, shape[1]!], data: rowsOf(model, batch) },
  ]);
  const begun = performance.now();
  for (let i = 0; i < rows / batch; i += 1) await model.infer(inputs[i % inputs.length]!);
  return ((performance.now() - begun) * 1000) / rows;
}

interface Loaded extends LoadResult {
  /** 99th percentile of how much later than due a timer of this thread is called. */
  readonly loopDelayP99Ms: number;
}

/** Keeps requests of one row in flight. */
async function inFlightLoad(model: OnnxModel, requests: number): Promise<Loaded> {
  const rows = Array.from({ length: 64 }, () => rowsOf(model, 1));
  const durationsMs: number[] = [];
  let sent = 0;
  const delay = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  delay.enable();
  const begun = performance.now();
  const one = async (): Promise<void> => {
    while (sent < requests) {
      const row = rows[sent % rows.length]!;
      sent += 1;
      const sentMs = performance.now();
      await new Promise<void>((resolve, reject) => {
        model.inferRows!(row, 1, (error) => (error === undefined ? resolve() : reject(error)));
      });
      durationsMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  const spanMs = performance.now() - begun;
  delay.disable();
  const loopDelayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - LOOP_SAMPLE_MS);
  return { ...summarise(durationsMs, spanMs, 0), loopDelayP99Ms };
}

const short = readFileSync(join(await trainedEnsemble(), MODEL_FILE));
const width = inspectOnnx(short).inputs[0]!.shape[1]!;
const long = encodeEnsemble(
  randomEnsemble({ seed: 1, features: width, treeMembers: 3, treesPerMember: 3000, depth: 6 }),
);
const cases = [
  { name: 'short model', bytes: short, requests: 40_000 },
  { name: 'long model', bytes: long, requests: 2_000 },
].flatMap((one) => PLACEMENTS.map((placement) => ({ ...one, placement, results: [] as Loaded[] })));

const raw = new Map<number, number[]>(BATCHES.map((batch) => [batch, []]));
const hops: number[] = [];
// The first round warms up; the rounds interleave everything, so that a busy machine slows all of it.
for (let round = 0; round <= repeats; round += 1) {
  const inline = await load(short, 'inline');
  for (const [batch, values] of raw) {
    const value = await microsecondsPerRow(inline, batch, ROWS_PER_BATCH_TIMING);
    if (round > 0) values.push(value);
  }
  const worker = await load(short, 'worker');
  const hop = (await microsecondsPerRow(worker, 1, 5000)) - (await microsecondsPerRow(inline, 1, 5000));
  if (round > 0) hops.push(hop);
  await inline.release();
  await worker.release();
  for (const { bytes, placement, requests, results } of cases) {
    const model = await load(bytes, placement);
    await inFlightLoad(model, requests / 10);
    const result = await inFlightLoad(model, requests);
    if (round > 0) results.push(result);
    await model.release();
  }
}

report(
  'inference',
  [
    ...[...raw].map(
      ([batch, values]): Figure => ({ name: `ONNX Runtime, batch ${batch}`, unit: 'us/row', values }),
    ),
    { name: 'hop to a worker and back', unit: 'us', values: hops },
    ...cases.flatMap(({ name, placement, results }): Figure[] => {
      const figure = (what: string, unit: string, pick: (result: Loaded) => number): Figure => ({
        ...{ name: `${name} ${placement}${what}`, unit, values: results.map(pick) },
      });
      return [
        figure('', 'rows/s', (result) => result.callsPerSecond),
        figure(', p50', 'ms', (result) => result.p50Ms),
        figure(', p99', 'ms', (result) => result.p99Ms),
        figure(', event loop delay p99', 'ms', (result) => result.loopDelayP99Ms),
      ];
    }),
  ],
  { json: flags.json, facts: { inFlight: IN_FLIGHT, shortBytes: short.length, longBytes: long.length } },
);
