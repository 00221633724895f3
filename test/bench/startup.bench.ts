/**
 * Seconds from the start of the process to its first answer: `serve` of a saved model to the first inference, and `up` with a
 * saved model and kept data to the first prediction of a symbol. Target: at most 3 s each.
 *
 * Flags: --json; --repeats N (7).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { randomArtifact } from '../support/artifact.ts';
import { addressIn, runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { benchFlags } from './flags.ts';
import { report } from './report.ts';

const flags = benchFlags({
  options: { json: { type: 'boolean', default: false }, repeats: { type: 'string', default: '7' } },
});
const repeats = Number(flags.repeats);
const PORTS = ['--grpc-port', '0', '--http-port', '0', '--log-level', 'error'];
const HISTORY = { TRADEWIND_SIMULATOR_HISTORY_SECONDS: '60' };

/** Starts a command and measures until `answers` is true, then stops it. @returns Seconds. */
async function untilAnswered(
  args: readonly string[],
  kind: 'REST' | 'console',
  answers: (address: string) => Promise<boolean>,
): Promise<number> {
  const begun = performance.now();
  const running = startCli(args, HISTORY);
  try {
    const address = await eventually(() => addressIn(running.stderr(), kind), 30_000);
    await eventually(() => answers(address), 30_000);
    return (performance.now() - begun) / 1000;
  } finally {
    running.child.kill('SIGTERM');
    await running.finished;
  }
}

const folder = await mkdtemp(join(tmpdir(), 'tradewind-bench-'));
try {
  const model = await randomArtifact(folder, { sets: ['core-v1', 'micro-v1'], trees: 100 });
  const post = (url: string, body: unknown) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const infers = async (address: string): Promise<boolean> => {
    const { inputs } = (await (await fetch(`http://${address}/v2/models/direction`)).json()) as {
      inputs: { name: string; shape: number[] }[];
    };
    const width = inputs[0]!.shape[1]!;
    const data = Array.from({ length: width }, () => 0.5);
    const input = { name: inputs[0]!.name, datatype: 'FP32', shape: [1, width], data };
    return (await post(`http://${address}/v2/models/direction/infer`, { inputs: [input] })).ok;
  };
  const predicts = async (address: string): Promise<boolean> => {
    const answer = await post(`http://${address}/predict`, { symbol: 'ES' });
    return answer.ok && ((await answer.json()) as { recommendation: string }).recommendation !== 'abstain';
  };
  const up = ['up', '--data', join(folder, 'data'), '--model', model, ...PORTS];
  await runCli([...up, '--for', '10s'], HISTORY);
  const serve: number[] = [];
  const kept: number[] = [];
  const keptNoHistory: number[] = [];
  for (let i = 0; i < repeats; i += 1) {
    serve.push(await untilAnswered(['serve', model, ...PORTS], 'REST', infers));
    kept.push(await untilAnswered(up, 'console', predicts));
    keptNoHistory.push(await untilAnswered([...up, '--no-history'], 'console', predicts));
  }
  const target = { atMost: 3 };
  report(
    'startup',
    [
      { name: 'serve to first inference', unit: 's', values: serve, target },
      { name: 'up to first prediction, history kept', unit: 's', values: kept, target },
      { name: 'up to first prediction, no history', unit: 's', values: keptNoHistory, target },
    ],
    { json: flags.json },
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
