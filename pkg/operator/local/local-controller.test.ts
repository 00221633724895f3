import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PredictionModel } from '../../prediction/model-directory.ts';
import { fakeModel } from '../../prediction/models.testing.ts';
import { RevisionDirectory } from '../../prediction/traffic/revision-directory.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import type { TradingModelStatus } from '../../tradingmodel/status.ts';
import { modelSpec } from '../../tradingmodel/specs.testing.ts';
import { AnalysisWindows } from '../analysis-windows.ts';
import type { PodModelState } from '../model-states.ts';
import { LocalController } from './local-controller.ts';
import { LocalGateway } from './local-gateway.ts';
import { ModelFiles } from './model-files.ts';
import type { RevisionLoads, WantedRevision } from './revision-loads.ts';

const SPEC = modelSpec();

/** Loads at once, all but the versions that are said to be broken. */
class InstantLoads implements RevisionLoads {
  readonly broken = new Set<string>();
  readonly #wanted = new Map<string, { readonly version: string; readonly runner: PredictionModel }>();

  want(revisions: readonly WantedRevision[]): void {
    for (const name of this.#wanted.keys())
      if (!revisions.some((one) => one.name === name)) this.#wanted.delete(name);
    for (const { name, source } of revisions)
      if (!this.#wanted.has(name))
        this.#wanted.set(name, { version: source.model.version, runner: fakeModel({ name }) });
  }

  get versions(): readonly string[] {
    return [...this.#wanted.values()].map(({ version }) => version).toSorted();
  }

  stateOf(revision: string): PodModelState | undefined {
    const found = this.#wanted.get(revision);
    if (found === undefined) return undefined;
    return this.broken.has(found.version)
      ? { state: 'failed', reason: 'ManifestInvalid', message: 'must be a manifest, was none' }
      : { state: 'warm', digest: SPEC.model.digest! };
  }

  runnerOf(revision: string): PredictionModel | undefined {
    return this.stateOf(revision)?.state === 'warm' ? this.#wanted.get(revision)?.runner : undefined;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }
}

let folder: string;
let files: ModelFiles;
let nowMs: number;
let loads: InstantLoads;
let directory: RevisionDirectory;
let controller: LocalController;
const told: string[] = [];

async function open(): Promise<void> {
  loads = new InstantLoads();
  directory = new RevisionDirectory(systemClock);
  const gateway = new LocalGateway({ instance: String(nowMs), startedUs: nowMs * 1000, directory, loads });
  controller = await LocalController.open({
    ...{ files, gateway, loads, windows: new AnalysisWindows(), nowMs: () => nowMs, pollMs: 1 },
    listener: {
      onEvent: (model, { reason }) => told.push(`${model} ${reason}`),
      onProblem: (subject, fault) => told.push(`${subject} ${fault}`),
    },
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-local-'));
  files = new ModelFiles(folder);
  nowMs = Date.UTC(2026, 0, 1);
  told.length = 0;
  await open();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function step(times = 8): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    nowMs += 1000;
    await controller.step();
  }
}

const apply = (version: string, over: Partial<TradingModelSpec> = {}): Promise<void> =>
  files.writeManifest({
    name: 'es',
    spec: { ...SPEC, ...over, model: { ...SPEC.model, uri: `file:///models/${version}`, version } },
  });

const status = async (): Promise<TradingModelStatus> => (await files.readModels()).get('es')!.status;

const stable = async (): Promise<string | undefined> => {
  const { stableRevision, revisions = [] } = await status();
  return revisions.find(({ name }) => name === stableRevision)?.version;
};

const ask = (type: 'undo' | 'abort', nonce: string): Promise<void> =>
  files.writeAction('es', { type, nonce });

const PAUSED = { ...SPEC.rollout, steps: [{ setWeight: 50 }, { pause: {} }] };

describe('controller of one process', () => {
  it('loads a revision and routes to it, once, whatever replicas the spec asks for', async () => {
    const serving = { ...SPEC.serving, minReplicas: 3, maxReplicas: 9, targetInFlight: 8 };
    await apply('1', { serving });
    await step();
    expect(await stable()).toBe('1');
    await apply('2', { serving });
    await step();
    expect(await stable()).toBe('2');
    nowMs += 60_000;
    await step();
    expect(directory.route('es', () => 'ES').model.revision).toMatch(/^es-/);
    const settled = await readFile(join(folder, 'status', 'es.json'), 'utf8');
    const before = told.length;
    await step();
    expect(await readFile(join(folder, 'status', 'es.json'), 'utf8')).toBe(settled);
    expect(told.length).toBe(before);
  });

  it('lets go of the revision of before once its time is over', async () => {
    await apply('1');
    await step();
    await apply('2');
    await step();
    expect(await stable()).toBe('2');
    expect(loads.versions).toEqual(['1', '2']);
    nowMs += 60_000;
    await step();
    expect(loads.versions).toEqual(['2']);
  });

  it('goes on with the same step and the same traffic after a restart', async () => {
    await apply('1');
    await step();
    await apply('2', { rollout: PAUSED });
    await step();
    const before = await status();
    expect(before.traffic?.map(({ weight }) => weight)).toEqual([50, 50]);
    const split = ['ES', 'NQ'].map((symbol) => directory.route('es', () => symbol).model.revision);
    await open();
    expect(loads.versions).toEqual(['1', '2']);
    expect(['ES', 'NQ'].map((symbol) => directory.route('es', () => symbol).model.revision)).toEqual(split);
    await step();
    expect((await status()).traffic).toEqual(before.traffic);
    expect((await status()).rollout?.stepIndex).toBe(1);
  });

  it('gives an update up whose artifact is refused; the stable one goes on', async () => {
    await apply('1');
    await step();
    loads.broken.add('2');
    await apply('2');
    await step();
    expect((await status()).rollout).toMatchObject({ phase: 'Aborted', abortReason: 'ArtifactRejected' });
    expect(await stable()).toBe('1');
    expect(loads.versions).toEqual(['1']);
  });

  it('does what a person asks for once: an abort, and an undo that writes the manifest', async () => {
    await apply('1');
    await step();
    await apply('2', { rollout: PAUSED });
    await step();
    await ask('abort', 'a');
    await step();
    expect((await status()).rollout).toMatchObject({ phase: 'Aborted', abortReason: 'UserAborted' });
    await apply('3');
    await step();
    expect(await stable()).toBe('3');
    await ask('undo', 'b');
    await step();
    expect((await status()).lastAction).toMatchObject({ type: 'undo', result: 'Accepted' });
    expect(await stable()).toBe('1');
    expect(await readFile(files.manifestPath('es'), 'utf8')).toContain('file:///models/1');
  });

  it('keeps a model whose manifest has become faulty, and tells it once', async () => {
    await apply('1');
    await step();
    await writeFile(files.manifestPath('es'), 'kind: TradingModel\napiVersion: tradewind.dev/v1alpha1\n');
    await step();
    expect(await stable()).toBe('1');
    expect(told.filter((line) => line.startsWith(files.manifestPath('es')))).toHaveLength(1);
  });

  it('tells of an action that is none', async () => {
    await apply('1');
    await step();
    await mkdir(join(folder, 'actions'));
    await writeFile(join(folder, 'actions', 'es.json'), 'promote');
    await step();
    expect(told.filter((line) => line.startsWith('action of es must be JSON'))).toHaveLength(1);
  });

  it('makes a status that was lost anew from the roles of its revisions', async () => {
    await apply('1');
    await step();
    await apply('2', { rollout: PAUSED });
    await step();
    const { spec } = (await files.readModels()).get('es')!;
    await files.writeModel('es', { generation: 2, spec, status: {} });
    await open();
    await step();
    expect(await stable()).toBe('1');
    expect(directory.route('es', () => 'ES').model).toBeDefined();
  });

  it('drains and forgets a model whose manifest is gone, and no other', async () => {
    await apply('1');
    await files.writeManifest({ name: 'nq', spec: { ...SPEC, model: { ...SPEC.model, uri: 'file:///nq' } } });
    await step();
    await rm(files.manifestPath('es'));
    await step();
    expect([...(await files.readModels()).keys()]).toEqual(['nq']);
    expect(directory.has('es')).toBe(false);
    expect(directory.has('nq')).toBe(true);
    expect(loads.versions).toEqual([SPEC.model.version]);
  });
});
