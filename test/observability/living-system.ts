import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sha256 } from '../../pkg/artifacts/artifact.ts';
import type { TradingModelStatus } from '../../pkg/tradingmodel/status.ts';
import { openClickHouse } from '../servers/clickhouse.ts';
import { openKafka } from '../servers/kafka.ts';
import type { ScrapeTarget } from '../servers/prometheus.ts';
import { randomArtifact } from '../support/artifact.ts';
import { addressIn, runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { startService } from '../support/services.ts';

/** The model that is being rolled out. */
export const ROLLED_OUT = 'desk-direction';
const SYMBOLS = ['ES', 'NQ', 'YM', 'RTY'];
const START_MS = 60_000;
const ANALYSIS = {
  intervalSeconds: 1,
  metrics: [
    { name: 'errors', builtin: 'ErrorRatio', max: '0.05', minSamples: 20 },
    { name: 'drift', builtin: 'PredictionPSI', max: '1', minSamples: 20 },
    { name: 'skill', builtin: 'BrierVersusStable', maxRatioToStable: '1.5', minSamples: 20 },
  ],
};

/** A whole system at work. */
export interface LivingSystem {
  readonly targets: readonly ScrapeTarget[];
  /** Resolves once the new version has part of the traffic, with its steps paused. */
  rollOut(): Promise<void>;
  stop(): Promise<void>;
}

/** The processes over Kafka and ClickHouse, and `tradewind up`, where a model is to be rolled out. */
export async function startLivingSystem(): Promise<LivingSystem> {
  const closing: (() => Promise<unknown>)[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'tradewind-living-'));
  const stop = async (): Promise<void> => {
    for (const close of closing.toReversed()) await close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [stream, desk] = await Promise.all([startStream(folder, closing), startDesk(folder, closing)]);
    return { targets: [...stream, desk.target], rollOut: desk.rollOut, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startStream(
  folder: string,
  closing: (() => Promise<unknown>)[],
): Promise<readonly ScrapeTarget[]> {
  const [kafkaServers, clickhouse] = await Promise.all([openKafka(), openClickHouse()]);
  closing.push(
    () => kafkaServers.stop(),
    () => clickhouse.stop(),
  );
  const kafka = { brokers: kafkaServers.brokers, partitions: 2 };
  const features = { sets: ['core-v1'] };
  const { url, username, password } = clickhouse;
  const start = async (
    name: string,
    config: object,
  ): Promise<ScrapeTarget & { readonly grpc: () => string }> => {
    const service = await startService(name, config);
    closing.push(() => service.stop('SIGKILL'));
    return { process: name, address: service.address('http'), grpc: () => service.address('grpc') };
  };
  const predictor = await start('predictor', { model: { uris: [await randomArtifact(folder)] } });
  const others = await Promise.all([
    start('gateway', { kafka, features, predictors: { addresses: [predictor.grpc()] } }),
    start('features', { kafka, features }),
    start('collector', { kafka, simulator: { symbols: SYMBOLS, historySeconds: 60, seed: 3 } }),
    start('recorder', {
      ...{ kafka, history: { url, username, password } },
      recorder: { spool: join(folder, 'spool') },
    }),
  ]);
  return [predictor, ...others].map(({ process, address }) => ({ process, address }));
}

/** One process, with the first version of a model. */
async function startDesk(folder: string, closing: (() => Promise<unknown>)[]) {
  const data = join(folder, 'data');
  const up = startCli(
    [
      ...['up', '--data', data, '--set', 'core-v1', '--speed', '10', '--no-history', '--no-train'],
      ...['--grpc-port', '0', '--http-port', '0'],
    ],
    { TRADEWIND_SIMULATOR_HISTORY_SECONDS: '120' },
  );
  closing.push(async () => {
    up.child.kill('SIGKILL');
    await up.finished;
  });
  const address = await eventually(() => addressIn(up.stderr(), 'console'), START_MS);
  const status = async (): Promise<TradingModelStatus> => {
    const text = await readFile(join(data, 'models', 'status', `${ROLLED_OUT}.json`), 'utf8');
    return (JSON.parse(text) as { readonly status: TradingModelStatus }).status;
  };
  const apply = async (version: string, steps: readonly object[]): Promise<void> => {
    // The same trees with another calibration: a new version that differs by a little.
    const intercept = version === 'v1' ? 0 : 0.05;
    const artifact = await randomArtifact(folder, { version, seed: 11, intercept });
    const digest = sha256(await readFile(join(artifact, 'manifest.json')));
    const file = join(folder, `${version}.json`);
    const spec = {
      symbols: SYMBOLS,
      model: { version, uri: `file://${artifact}`, digest },
      slo: { latencyThresholdMilliseconds: 25, objectivePercent: '99' },
      rollout: { steps, analysis: ANALYSIS },
    };
    const object = {
      apiVersion: 'tradewind.dev/v1alpha1',
      kind: 'TradingModel',
      metadata: { name: ROLLED_OUT },
      spec,
    };
    await writeFile(file, JSON.stringify(object));
    const { code, stderr } = await runCli(['apply', '-f', file, '--dir', data]);
    if (code !== 0) throw new Error(stderr);
  };
  await apply('v1', []);
  await eventually(async () => (await status()).stableRevision !== undefined, START_MS);
  return {
    target: { process: 'desk', address },
    rollOut: async () => {
      await apply('v2', [
        { shadow: { durationSeconds: 3 } },
        { setWeight: 50 },
        { analysis: { durationSeconds: 2 } },
        { pause: {} },
      ]);
      await eventually(
        async () => (await status()).rollout?.pauseReasons.includes('StepPause') === true,
        START_MS,
      );
    },
  };
}
