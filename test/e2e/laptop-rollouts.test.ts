import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sha256 } from '../../pkg/artifacts/artifact.ts';
import type { ModelCard } from '../../pkg/console/messages.ts';
import type { GatewayReport } from '../../pkg/prediction/traffic/revisions-handler.ts';
import type { TradingModelStatus } from '../../pkg/tradingmodel/status.ts';
import { randomArtifact } from '../support/artifact.ts';
import { addressIn, type Finished, runCli, startCli, type Running } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { removeFolder } from '../support/remove-folder.ts';

const MODEL = 'desk-direction';
const SYMBOLS = ['ES', 'NQ', 'YM', 'RTY'];
/** Long on a busy machine: each test starts processes and waits for real steps. */
const TEST_MS = 300_000;
const START_MS = 90_000;
const ROLLOUT_MS = 120_000;

let folder: string;
let data: string;
let up: Running;
let http: string;

/** Asks for every symbol again and again until it is told to stop; gives what no caller may see. */
let asking: { readonly stop: () => Promise<readonly string[]> };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-rollouts-'));
  data = join(folder, 'data');
  await start();
});
afterAll(async () => {
  up.child.kill('SIGKILL');
  await removeFolder(folder);
});

async function start(): Promise<void> {
  up = startCli(
    [
      ...['up', '--data', data, '--set', 'core-v1', '--speed', '20', '--no-history', '--no-train'],
      ...['--grpc-port', '0', '--http-port', '0'],
    ],
    { TRADEWIND_SIMULATOR_HISTORY_SECONDS: '120' },
  );
  http = await eventually(() => addressIn(up.stderr(), 'console'), START_MS);
}

async function stop(): Promise<void> {
  up.child.kill('SIGINT');
  expect((await up.finished).code).toBe(0);
}

const status = async (): Promise<TradingModelStatus> => {
  const text = await readFile(join(data, 'models', 'status', `${MODEL}.json`), 'utf8');
  return (JSON.parse(text) as { readonly status: TradingModelStatus }).status;
};

const revisions = async (): Promise<GatewayReport['models'][number]['revisions']> => {
  const report = (await (await fetch(`http://${http}/revisions`)).json()) as GatewayReport;
  return report.models.find(({ model }) => model === MODEL)?.revisions ?? [];
};

/** Applies a version of the model that is rolled out by these steps. */
async function apply(version: string, steps: readonly object[], intercept?: number): Promise<Finished> {
  const artifact = await randomArtifact(folder, {
    version,
    ...(intercept === undefined ? {} : { intercept }),
  });
  const digest = sha256(await readFile(join(artifact, 'manifest.json')));
  return applyObject(version, {
    symbols: SYMBOLS,
    model: { version, uri: `file://${artifact}`, digest },
    rollout: {
      steps,
      analysis: {
        intervalSeconds: 1,
        metrics: [
          { name: 'errors', builtin: 'ErrorRatio', max: '0.05', minSamples: 20 },
          { name: 'drift', builtin: 'PredictionPSI', max: '1', minSamples: 20 },
        ],
      },
    },
  });
}

async function applyObject(name: string, spec: object): Promise<Finished> {
  const file = join(folder, `${name}.json`);
  const object = {
    apiVersion: 'tradewind.dev/v1alpha1',
    kind: 'TradingModel',
    metadata: { name: MODEL },
    spec,
  };
  await writeFile(file, JSON.stringify(object));
  return runCli(['apply', '-f', file, '--dir', data]);
}

interface Answer {
  readonly recommendation: string;
  readonly abstain_reason?: string;
}

async function predict(symbol: string): Promise<Answer> {
  const response = await fetch(`http://${http}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, symbol }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

function askAlong(): typeof asking {
  const faults: string[] = [];
  let isOver = false;
  const work = (async () => {
    for (let i = 0; !isOver; i += 1) {
      const symbol = SYMBOLS[i % SYMBOLS.length]!;
      const { recommendation, abstain_reason: reason } = await predict(symbol).catch((error: unknown) => ({
        ...{ recommendation: 'abstain', abstain_reason: String(error) },
      }));
      if (recommendation === 'abstain') faults.push(`${symbol}: ${reason}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await work;
      return faults;
    },
  };
}

/** Version of the revision that answers all. */
const stableVersion = ({ stableRevision, revisions = [] }: TradingModelStatus): string | undefined =>
  revisions.find(({ name }) => name === stableRevision)?.version;

describe('rollouts in one process, on the simulator', { timeout: TEST_MS }, () => {
  it('serves the first version of a manifest as soon as it is warm', async () => {
    const { code, stdout, stderr } = await apply('v1', []);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`${MODEL} applied as revision ${MODEL}-`);
    await eventually(async () => stableVersion(await status()) === 'v1', ROLLOUT_MS);
    await eventually(async () => (await predict('ES')).recommendation !== 'abstain', ROLLOUT_MS);
    const [revision] = await revisions();
    expect(revision).toMatchObject({ weight: 100, usablePredictors: 1 });
    expect(revision!.symbols.toSorted()).toEqual(SYMBOLS.toSorted());
  });

  it('rolls out the next one by its steps, and no caller sees it', async () => {
    asking = askAlong();
    await apply('v2', [
      { shadow: { durationSeconds: 1, minRequests: 40 } },
      { setWeight: 50 },
      { analysis: { durationSeconds: 2 } },
      { pause: {} },
    ]);
    const paused = await eventually(async () => {
      const now = await status();
      // A pause for want of samples ends by itself.
      return now.rollout?.pauseReasons.includes('StepPause') === true ? now : undefined;
    }, ROLLOUT_MS);
    expect(paused.rollout).toMatchObject({ stepIndex: 3, pauseReasons: ['StepPause'] });
    expect((await revisions()).map(({ weight }) => weight)).toEqual([50, 50]);
    expect((await revisions()).map(({ symbols }) => symbols.length)).toEqual([2, 2]);
    const { models } = (await (await fetch(`http://${http}/console/models`)).json()) as {
      readonly models: readonly ModelCard[];
    };
    expect(models.map(({ version, rollout }) => [version, rollout?.weight])).toEqual([
      ['v1', 50],
      ['v2', 50],
    ]);
    expect(await asking.stop()).toEqual([]);
  });

  it('goes on after a restart in the middle, and promotes it when a person says so', async () => {
    await stop();
    await start();
    expect((await revisions()).map(({ weight, usablePredictors }) => [weight, usablePredictors])).toEqual([
      [50, 1],
      [50, 1],
    ]);
    expect(stableVersion(await status())).toBe('v1');

    const { stdout } = await runCli(['promote', MODEL, '--dir', data]);
    expect(stdout).toContain(`promote of ${MODEL} accepted`);
    await eventually(async () => stableVersion(await status()) === 'v2', ROLLOUT_MS);
    expect((await status()).rollout).toMatchObject({ phase: 'Completed' });
    expect((await status()).lastAction).toMatchObject({ type: 'promote', result: 'Accepted' });
    expect((await revisions()).map(({ weight }) => weight)).toEqual([100]);
  });

  it('takes back one whose probabilities are all the same, and no caller sees it', async () => {
    await eventually(async () => (await predict('ES')).recommendation !== 'abstain', ROLLOUT_MS);
    asking = askAlong();
    await apply(
      'v3',
      [{ shadow: { durationSeconds: 1 } }, { setWeight: 50 }, { analysis: { durationSeconds: 60 } }],
      30,
    );
    const aborted = await eventually(async () => {
      const now = await status();
      return now.rollout?.phase === 'Aborted' ? now : undefined;
    }, ROLLOUT_MS);
    expect(aborted.rollout).toMatchObject({ abortReason: 'AnalysisFailed' });
    expect(aborted.rollout!.abortMessage).toContain('drift');
    expect(stableVersion(aborted)).toBe('v2');
    expect(await asking.stop()).toEqual([]);
    const left = await revisions();
    expect(left.map(({ weight }) => weight)).toEqual([100]);
    expect(left[0]!.counters.errors).toBe(0);
    const metrics = await (await fetch(`http://${http}/metrics`)).text();
    expect(metrics).not.toMatch(/^tradewind_prediction_failures_total\{/m);
  });

  it('gives up one whose artifact is not the one that the manifest names', async () => {
    const artifact = await randomArtifact(folder, { version: 'v4' });
    await applyObject('v4', {
      symbols: SYMBOLS,
      model: { version: 'v4', uri: `file://${artifact}`, digest: `sha256:${'0'.repeat(64)}` },
    });
    const aborted = await eventually(async () => {
      const now = await status();
      return now.rollout?.abortReason === 'DigestMismatch' ? now : undefined;
    }, ROLLOUT_MS);
    expect(stableVersion(aborted)).toBe('v2');
    expect((await predict('ES')).recommendation).not.toBe('abstain');
  });

  it.each([
    ['a digest that is none', { version: 'v5', uri: 'file:///m', digest: 'sha256:1' }, 'spec.model.digest'],
    [
      'a claim, which only a cluster has',
      { version: 'v5', uri: 'pvc://m/v5', verification: 'Off' },
      'only a cluster has',
    ],
  ])('refuses a manifest with %s in one line, and changes nothing', async (_, model, words) => {
    const path = join(data, 'models', 'manifests', `${MODEL}.yaml`);
    const before = await readFile(path, 'utf8');
    const { code, stdout, stderr } = await applyObject('v5', { symbols: SYMBOLS, model });
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toEqual([expect.stringContaining('tradewind: ManifestUnusable: '), '']);
    expect(stderr).toContain(words);
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  it('ends a model whose manifest is deleted', async () => {
    await rm(join(data, 'models', 'manifests', `${MODEL}.yaml`));
    await eventually(async () => (await revisions()).length === 0, ROLLOUT_MS);
    await eventually(async () => (await status().catch(() => undefined)) === undefined, ROLLOUT_MS);
    expect((await predict('ES')).abstain_reason).toBe('ModelUnavailable');
    await stop();
  });
});
