import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { manifestSchema } from '../../pkg/artifacts/manifest.ts';
import { randomArtifact } from '../support/artifact.ts';
import { eventually as within } from '../support/eventually.ts';
import { openPool, QUICK, startLoad, type TestPool } from '../support/predictor-pool.ts';
import { type RunningService, startService } from '../support/services.ts';

const eventually = <T>(check: () => T | Promise<T>) => within(check, 25_000);

let folder: string;
let artifact: string;
let row: Float32Array;
const opened: { close(): Promise<unknown> }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-predictors-'));
  artifact = await randomArtifact(folder);
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(artifact, 'manifest.json'), 'utf8')));
  row = new Float32Array(manifest.contract.features.length).fill(0.5);
});
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function predictor(port = 0): Promise<RunningService> {
  const service = await startService('predictor', { model: { uris: [artifact] }, grpc: { port } });
  opened.push({ close: () => service.stop('SIGKILL') });
  return service;
}

/** Silence after which a connection is asked whether it lives: longer than a busy machine stands still. */
const KEEP_ALIVE_MS = 2000;

async function poolOf(predictors: readonly RunningService[]): Promise<TestPool> {
  const connection = { ...QUICK.endpoint.connection, keepAliveMs: KEEP_ALIVE_MS };
  const endpoint = { ...QUICK.endpoint, connection };
  const test = openPool(
    predictors.map((each) => each.address('grpc')),
    { endpoint },
  );
  opened.push({ close: () => test.pool.close() });
  await eventually(() => test.pool.usable.length === predictors.length);
  return test;
}

const portOf = (service: RunningService): number => Number(service.address('grpc').split(':')[1]);
const addressesOf = ({ pool }: TestPool): readonly string[] => pool.usable.map(({ address }) => address);

describe('one of two predictor processes', { timeout: 60_000 }, () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ends by %s under load and comes back: no request is lost',
    async (signal) => {
      const [first, second] = [await predictor(), await predictor()];
      const test = await poolOf([first, second]);
      const work = startLoad(test, row);
      await work.answers(300);
      await first.stop(signal);
      await eventually(() => addressesOf(test).join() === second.address('grpc'));
      await work.answers(300);
      await predictor(portOf(first));
      await eventually(() => test.pool.usable.length === 2);
      await work.answers(300);
      expect(await work.stop()).toEqual([]);
    },
  );

  it('stops answering on an open connection: no request is lost, and it is asked again once it answers', async () => {
    const [first, second] = [await predictor(), await predictor()];
    const test = await poolOf([first, second]);
    const work = startLoad(test, row);
    await work.answers(300);
    first.signal('SIGSTOP');
    await eventually(() => addressesOf(test).join() === second.address('grpc'));
    await work.answers(500);
    const endpoint = test.pool.endpoints.find(({ address }) => address === first.address('grpc'))!;
    // Its kernel still takes connections and bytes: only pings without answer tell.
    await eventually(() => endpoint.state.kind === 'away');
    first.signal('SIGCONT');
    await eventually(() => test.pool.usable.length === 2);
    expect(await work.stop()).toEqual([]);
  });
});

describe('the only predictor process', { timeout: 60_000 }, () => {
  it('stops answering: callers are told in their time, and are answered again once it goes on', async () => {
    const one = await predictor();
    const test = await poolOf([one]);
    await test.infer(row, 1);
    one.signal('SIGSTOP');
    await expect(test.infer(row, 1, 100)).rejects.toMatchObject({ code: 'PredictorTimeout' });
    await eventually(() => test.pool.endpoints[0]!.state.kind === 'away');
    await expect(test.infer(row, 1, 100)).rejects.toMatchObject({ code: 'PredictorsAway' });
    one.signal('SIGCONT');
    await eventually(() => test.pool.usable.length === 1);
    await test.infer(row, 1);
  });

  it('is killed with requests in flight: they fail at once, not at the end of their time', async () => {
    const one = await predictor();
    const test = await poolOf([one]);
    one.signal('SIGSTOP');
    const sent = Array.from({ length: 5 }, () => test.infer(row, 1, 60_000));
    const failures = Promise.all(sent.map((each) => each.catch((error: { code: string }) => error.code)));
    await eventually(() => test.pool.endpoints[0]!.inFlight === 5);
    await one.stop('SIGKILL');
    expect(await failures).toEqual(Array.from({ length: 5 }, () => 'PredictorLost'));
  });
});
