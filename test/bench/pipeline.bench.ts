/**
 * The stream in one process: milliseconds from the arrival of the tick that closes a bar to the published features and to
 * the published prediction, of a live simulator with 4 symbols at 100 ticks/s and bars of 100 ms. Target on two cores:
 * p99 of the prediction at most 3 ms.
 *
 * Flags: --json; --repeats N (3); --seconds N (30) of each run; --history to keep history as well.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { UpSummary } from '../../cmd/tradewind/up/summary.ts';
import { randomArtifact } from '../support/artifact.ts';
import { runCli } from '../support/cli.ts';
import { benchFlags } from './flags.ts';
import { report } from './report.ts';

const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '30' },
    history: { type: 'boolean', default: false },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'tradewind-bench-'));
try {
  const model = await randomArtifact(folder, { sets: ['core-v1', 'micro-v1'], trees: 100, bar: 'time:100' });
  const runs: UpSummary[] = [];
  for (let i = 0; i < Number(flags.repeats); i += 1) {
    const { code, stdout, stderr } = await runCli(
      [
        ...['up', '--data', join(folder, `run-${i}`), '--model', model, '--bar', 'time:100', '--json'],
        ...['--for', `${flags.seconds}s`, '--grpc-port', '0', '--http-port', '0', '--log-level', 'error'],
        ...(flags.history ? [] : ['--no-history']),
      ],
      { TRADEWIND_SIMULATOR_TICKS_PER_SECOND: '100', TRADEWIND_SIMULATOR_HISTORY_SECONDS: '60' },
    );
    if (code !== 0) throw new Error(`the run must end well, said: ${stderr}`);
    runs.push(JSON.parse(stdout) as UpSummary);
  }
  const figure = (name: string, pick: (run: UpSummary) => number, target?: { readonly atMost: number }) => ({
    ...{ name, unit: 'ms', values: runs.map(pick) },
    ...(target === undefined ? {} : { target }),
  });
  report(
    'pipeline',
    [
      figure('tick to features, p50', ({ latency }) => latency.tickToFeatures.p50Ms),
      figure('tick to features, p99', ({ latency }) => latency.tickToFeatures.p99Ms),
      figure('tick to prediction, p50', ({ latency }) => latency.tickToPrediction.p50Ms),
      figure('tick to prediction, p99', ({ latency }) => latency.tickToPrediction.p99Ms, { atMost: 3 }),
    ],
    {
      json: flags.json,
      facts: {
        history: flags.history,
        predictions: runs.map(({ latency }) => latency.tickToPrediction.count),
      },
    },
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
