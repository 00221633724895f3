/**
 * Nanoseconds of CPU time per bar of core-v1: ours one bar at a time, against TA-Lib's functions over the whole series at once, for the
 * same 1,000,000 bars, in turn, pair by pair. Target: at most 3 times TA-Lib for the indicators that it has; ours computes all
 * features. The second figure has the rest from numpy, so that both sides give the same 29 features.
 *
 * Flags: --json; --repeats N (5); --bars N (1,000,000).
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { createCoreState, DEFAULT_LOOKBACKS, stepCore } from '../../pkg/features/core-v1.ts';
import { createFeatureEngine } from '../../pkg/features/engine.ts';
import type { ClosedBar } from '../../pkg/features/feature-vector.ts';
import type { Bar } from '../../pkg/marketdata/events.ts';
import { createRandom } from '../../pkg/runtime/random.ts';
import { pythonWith } from '../servers/tools.ts';
import { benchFlags } from './flags.ts';
import { report } from './report.ts';

const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '5' },
    bars: { type: 'string', default: '1000000' },
  },
});
const count = Number(flags.bars);
const MINUTE_US = 60_000_000;

const high = new Float64Array(count);
const low = new Float64Array(count);
const close = new Float64Array(count);
const volume = new Float64Array(count);
const random = createRandom(1);
let price = 5000;
for (let i = 0; i < count; i += 1) {
  price *= 1 + 3e-4 * random.normal();
  close[i] = price;
  high[i] = price * (1 + 1e-4 * random.exponential());
  low[i] = price * (1 - 1e-4 * random.exponential());
  volume[i] = Math.ceil(100 * random.exponential());
}

/** CPU time of the whole process, so that neither other load nor work on helper threads goes by unseen. */
const nanosecondsOf = (work: () => void): number => {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) * 1e3) / count;
};

/** The set alone: a closed bar in, features out. */
function core(): number {
  const state = createCoreState(DEFAULT_LOOKBACKS);
  const out = new Float64Array(3 * DEFAULT_LOOKBACKS.length + 14);
  const bar: { -readonly [K in keyof ClosedBar]: ClosedBar[K] } = {
    ...{ symbol: 'ES', startTimeUs: 0, endTimeUs: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 },
    ...{ buyVolume: 0, sellVolume: 0, tradeCount: 1, quoteCount: 1 },
    ...{ bidPrice: 0, bidSize: 1, askPrice: 0, askSize: 1 },
  };
  return nanosecondsOf(() => {
    for (let i = 0; i < count; i += 1) {
      bar.open = close[i]!;
      bar.high = high[i]!;
      bar.low = low[i]!;
      bar.close = close[i]!;
      bar.volume = volume[i]!;
      bar.bidPrice = close[i]! - 0.25;
      bar.askPrice = close[i]! + 0.25;
      stepCore(state, DEFAULT_LOOKBACKS, bar, out);
    }
  });
}

/** The engine as it runs live: bar events in, vectors out, with the events made on the way. */
function engine(): number {
  const features = createFeatureEngine({ sets: ['core-v1'], bar: { by: 'time', intervalMs: 60_000 } });
  return nanosecondsOf(() => {
    for (let i = 0; i < count; i += 1) {
      const endUs = (i + 1) * MINUTE_US;
      // Spelled out: objects put together by spreading cost more than all features.
      const bar: Bar = {
        kind: 'bar',
        source: 'bench',
        symbol: 'ES',
        sequence: i,
        startTimeUs: i * MINUTE_US,
        eventTimeUs: endUs,
        receiveTimeUs: endUs,
        open: close[i]!,
        high: high[i]!,
        low: low[i]!,
        close: close[i]!,
        volume: volume[i]!,
      };
      features.step(bar, i);
    }
  });
}

/** Runs both batches once and gives nanoseconds per bar. */
async function batches(
  child: ChildProcessByStdio<Writable, Readable, null>,
  lines: AsyncIterator<string>,
): Promise<{ readonly talib: number; readonly batch: number }> {
  child.stdin.write('run\n');
  const { value, done } = await lines.next();
  if (done === true) throw new Error('talib_batch.py must answer each line, ended');
  const [talib, batch] = value.split(' ').map((text) => (Number(text) * 1e9) / count);
  return { talib: talib!, batch: batch! };
}

const python = pythonWith(['talib', 'numpy'], 'test/reference/talib/requirements.txt');
if ('missing' in python) throw new Error(`the bench must have ${python.missing}`);
const folder = mkdtempSync(join(tmpdir(), 'tradewind-bench-'));
try {
  const file = join(folder, 'bars.f64');
  writeFileSync(file, Buffer.concat([high, low, close, volume].map((column) => Buffer.from(column.buffer))));
  const script = fileURLToPath(new URL('./talib_batch.py', import.meta.url));
  const child = spawn(python.path, [script, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const runs: { talib: number; batch: number; core: number; engine: number }[] = [];
  // The first round warms up.
  for (let round = 0; round <= Number(flags.repeats); round += 1) {
    const run = { ...(await batches(child, lines)), core: core(), engine: engine() };
    if (round > 0) runs.push(run);
  }
  child.stdin.end();
  await once(child, 'exit');
  const figure = (name: string, unit: string, pick: (run: (typeof runs)[number]) => number) => ({
    ...{ name, unit, values: runs.map(pick) },
  });
  report(
    'features',
    [
      figure('TA-Lib, batch', 'ns/bar', (run) => run.talib),
      figure('TA-Lib and numpy, batch', 'ns/bar', (run) => run.batch),
      figure('core-v1, bar by bar', 'ns/bar', (run) => run.core),
      figure('core-v1 through the engine', 'ns/bar', (run) => run.engine),
      {
        ...figure('core-v1 over TA-Lib', 'times', (run) => run.core / run.talib),
        target: { atMost: 3 },
      },
      figure('core-v1 over TA-Lib and numpy', 'times', (run) => run.core / run.batch),
      figure('engine over TA-Lib', 'times', (run) => run.engine / run.talib),
    ],
    { json: flags.json, facts: { bars: count } },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
