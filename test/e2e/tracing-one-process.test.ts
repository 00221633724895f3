import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { randomArtifact } from '../support/artifact.ts';
import { addressIn, type Running, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { treeOf } from '../support/trace-tree.ts';
import { removeFolder } from '../support/remove-folder.ts';

let folder: string;
let backend: OtlpReceiver;
let up: Running;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-up-traced-'));
  backend = await OtlpReceiver.start();
});
afterAll(async () => {
  up?.child.kill('SIGKILL');
  await up?.finished;
  await backend.stop();
  await removeFolder(folder);
});

const WAY_OF_A_TICK = `
collector.event
  collector.validate
  send market_data
    process market_data
      features.step
      send features
        process features
          gateway.predict
            predictor.infer
              predictor.queue
              predictor.run
          send signals
`;

it('one process has the same traces from tick to signal, by the standard environment alone', async () => {
  const model = await randomArtifact(folder);
  const flags = { '--data': join(folder, 'data'), '--model': model, '--set': 'core-v1' };
  const ports = { '--grpc-port': '0', '--http-port': '0' };
  up = startCli(['up', ...Object.entries({ ...flags, ...ports }).flat()], {
    OTEL_EXPORTER_OTLP_ENDPOINT: backend.endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.5',
    TRADEWIND_SIMULATOR_HISTORY_SECONDS: '120',
  });
  // Of the history, which goes at full speed, some find no room.
  const lines = WAY_OF_A_TICK.trim().split('\n').length;
  const whole = await eventually(
    () =>
      [...backend.traces.values()].find(
        (spans) => spans.length === lines && spans.some(({ name }) => name === 'predictor.run'),
      ),
    90_000,
  );
  expect(treeOf(whole, ({ name }) => name)).toBe(WAY_OF_A_TICK.trim());
  expect(new Set(whole.map(({ service }) => service))).toEqual(new Set(['tradewind-up']));
  expect(whole.find(({ name }) => name === 'send signals')!.attributes['messaging.system']).toBe('tradewind');

  const http = await eventually(() => addressIn(up.stderr(), 'console'), 30_000);
  const scrape = await fetch(`http://${http}/metrics`, {
    headers: { accept: 'application/openmetrics-text' },
  });
  expect(await scrape.text()).toMatch(/tradewind_tracing_spans_total\{result="exported"\} [1-9]/);
}, 120_000);
