import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { manifestSchema } from '../../pkg/artifacts/manifest.ts';
import { randomArtifact } from '../support/artifact.ts';
import { eventually } from '../support/eventually.ts';
import { openPool, type TestPool } from '../support/predictor-pool.ts';
import { type RunningService, startService } from '../support/services.ts';

const CALLERS = 16;

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

async function poolOf(predictors: readonly RunningService[]): Promise<TestPool> {
  const test = openPool(predictors.map((each) => each.address('grpc')));
  opened.push({ close: () => test.pool.close() });
  await eventually(() => test.pool.usable.length === predictors.length);
  return test;
}

/** Callers that ask one after the other until they are stopped. */
function load({ infer }: TestPool): { answered(): number; stop(): Promise<readonly string[]> } {
  let isOn = true;
  let answered = 0;
  const failures: string[] = [];
  const callers = Array.from({ length: CALLERS }, async () => {
    while (isOn) {
      try {
        await infer(row, 1);
        answered += 1;
      } catch (error) {
        failures.push((error as { code: string }).code);
      }
    }
  });
  return {
    answered: () => answered,
    stop: async () => {
      isOn = false;
      await Promise.all(callers);
      return failures;
    },
  };
}

async function untilAnswered(work: ReturnType<typeof load>, more: number): Promise<void> {
  const wanted = work.answered() + more;
  await eventually(() => work.answered() >= wanted);
}

const portOf = (service: RunningService): number => Number(service.address('grpc').split(':')[1]);
const addressesOf = ({ pool }: TestPool): readonly string[] => pool.usable.map(({ address }) => address);

describe('one of two predictor processes', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ends by %s under load and comes back: no request is lost',
    async (signal) => {
      const [first, second] = [await predictor(), await predictor()];
      const test = await poolOf([first, second]);
      const work = load(test);
      await untilAnswered(work, 300);
      await first.stop(signal);
      await eventually(() => addressesOf(test).join() === second.address('grpc'));
      await untilAnswered(work, 300);
      await predictor(portOf(first));
      await eventually(() => test.pool.usable.length === 2);
      await untilAnswered(work, 300);
      expect(await work.stop()).toEqual([]);
    },
  );

  it('stops answering on an open connection: no request is lost, and it is asked again once it answers', async () => {
    const [first, second] = [await predictor(), await predictor()];
    const test = await poolOf([first, second]);
    const work = load(test);
    await untilAnswered(work, 300);
    first.signal('SIGSTOP');
    await eventually(() => addressesOf(test).join() === second.address('grpc'));
    await untilAnswered(work, 500);
    const endpoint = test.pool.endpoints.find(({ address }) => address === first.address('grpc'))!;
    // Its kernel still takes connections and bytes: only pings without answer tell.
    await eventually(() => endpoint.state.kind === 'away');
    first.signal('SIGCONT');
    await eventually(() => test.pool.usable.length === 2);
    expect(await work.stop()).toEqual([]);
  });
});

describe('the only predictor process', () => {
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
