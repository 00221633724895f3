import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { createRpcClient } from '../../pkg/rpc/client.ts';
import { GRPCInferenceService } from '../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { randomArtifact } from '../../test/support/artifact.ts';
import { eventually } from '../../test/support/eventually.ts';
import { OtlpReceiver } from '../../test/support/otlp-receiver.ts';
import { type RunningService, startService } from '../../test/support/services.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const OPEN_METRICS = 'application/openmetrics-text';
/** Has a process tell on standard error which files of OpenTelemetry it loads. */
const TELLING = `--import=data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module';
   registerHooks({ load: (url, context, next) => {
     if (url.includes('@opentelemetry/')) process.stderr.write('loads ' + url + '\\n');
     return next(url, context);
   } });`,
)}`;

let folder: string;
let model: string;
let running: RunningService | undefined;
let backend: OtlpReceiver | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-open-tracing-'));
  model = await randomArtifact(folder);
});
afterEach(async () => {
  await running?.stop('SIGKILL');
  await backend?.stop();
  backend = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(env: Readonly<Record<string, string>>, tracing?: object): Promise<RunningService> {
  const section = tracing === undefined ? {} : { tracing };
  running = await startService(
    'predictor',
    { model: { uris: [model] }, ...section },
    { NODE_OPTIONS: TELLING, ...env },
  );
  return running;
}

/** Asks the model once, within the trace of the caller. */
async function infer(service: RunningService): Promise<void> {
  const client = createRpcClient(GRPCInferenceService, service.address('grpc'));
  try {
    const { inputs } = await client.call.modelMetadata({ name: 'direction' });
    const columns = Number(inputs[0]!.shape[1]);
    const { outputs } = await client.call.modelInfer(
      {
        modelName: 'direction',
        inputs: [{ name: inputs[0]!.name, datatype: 'FP32', shape: [1n, BigInt(columns)] }],
        rawInputContents: [new Uint8Array(columns * 4)],
      },
      { metadata: { traceparent: TRACEPARENT } },
    );
    expect(outputs.length).toBeGreaterThan(0);
  } finally {
    client.close();
  }
}

async function metricsOf(service: RunningService): Promise<Response> {
  return fetch(`http://${service.address('http')}/metrics`, { headers: { accept: OPEN_METRICS } });
}

describe('a process', () => {
  it('loads nothing of the SDK, and has the metrics that it had, where tracing is off', async () => {
    const service = await start({});
    await infer(service);
    const answer = await metricsOf(service);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await answer.text()).not.toMatch(/tracing|trace_id/);
    expect(await service.stop('SIGTERM')).toBe(0);
    expect(service.log()).not.toMatch(/loads .*@opentelemetry\/(sdk|exporter|otlp|resources|core)/);
  }, 60_000);

  it('traces by the standard environment, and exports what it has before it ends', async () => {
    backend = await OtlpReceiver.start();
    const service = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.endpoint,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'my-predictor',
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    });
    await infer(service);
    const text = await (await metricsOf(service)).text();
    expect(text).toMatch(new RegExp(`method="ModelInfer".* # \\{trace_id="${TRACE}"\\}`));
    expect(await service.stop('SIGTERM')).toBe(0);
    expect(service.log()).toMatch(/loads .*@opentelemetry\/sdk-trace/);
    expect(backend.spans.map(({ name }) => name).toSorted()).toEqual([
      'predictor.infer',
      'predictor.queue',
      'predictor.run',
    ]);
    expect(
      backend.spans.every(({ service: name, traceId }) => name === 'my-predictor' && traceId === TRACE),
    ).toBe(true);
  }, 60_000);

  it.each([
    ['is away', 'http://127.0.0.1:1'],
    ['hangs', undefined],
  ])(
    'works on where the receiver %s, says so once, counts, and ends in order',
    async (_, endpoint) => {
      backend = await OtlpReceiver.start();
      backend.mood = 'hanging';
      const service = await start({}, { endpoint: endpoint ?? backend.endpoint, maxQueuedSpans: 5 });
      for (let i = 0; i < 20; i += 1) await infer(service);
      await eventually(
        async () =>
          /tracing_spans_total\{result="failed"\} [1-9]/.test(await (await metricsOf(service)).text()),
        15_000,
      );
      for (let i = 0; i < 3; i += 1) await infer(service);
      expect(await (await metricsOf(service)).text()).toMatch(
        /tracing_spans_total\{result="dropped"\} [1-9]/,
      );
      const startedMs = performance.now();
      expect(await service.stop('SIGTERM')).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(15_000);
      expect(service.log().match(/spans cannot be exported/g)).toHaveLength(1);
    },
    90_000,
  );
});
