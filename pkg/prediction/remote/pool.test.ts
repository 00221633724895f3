import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { randomArtifact } from '../../../test/support/artifact.ts';
import { eventually } from '../../../test/support/eventually.ts';
import {
  openPool,
  QUICK,
  startPredictor,
  type TestPool,
  type TestPredictor,
} from '../../../test/support/predictors.ts';
import { ContractMismatch } from '../../artifacts/errors.ts';
import { toPredictionModel } from '../served-model-adapter.ts';
import type { PoolSettings } from './pool.ts';

let folder: string;
let artifacts: readonly string[];
const opened: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-pool-'));
  artifacts = [await randomArtifact(folder, { seed: 1 }), await randomArtifact(folder, { seed: 2 })];
});
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function predictor(artifact = artifacts[0]!, port = 0): Promise<TestPredictor> {
  const started = await startPredictor(artifact, port);
  opened.push({ close: () => started.stop() });
  return started;
}

async function poolOf(
  predictors: readonly TestPredictor[],
  settings: Partial<PoolSettings> = {},
): Promise<TestPool> {
  const test = openPool(
    predictors.map(({ address }) => address),
    settings,
  );
  opened.push({ close: () => test.pool.close() });
  await eventually(() => test.pool.usable.length === predictors.length);
  return test;
}

/** Rows of the model's width; each has numbers of its own. */
function rowsOf({ repository }: TestPredictor, rows: number, seed = 1): Float32Array {
  const width = repository.loaded('direction')!.manifest!.contract.features.length;
  return Float32Array.from({ length: rows * width }, (_, i) => Math.sin(seed * 31 + i));
}

const slow =
  (ms: number): TestPredictor['behaviour'] =>
  (run, ...args) =>
    void setTimeout(() => run(...args), ms);
const never: TestPredictor['behaviour'] = () => undefined;

describe('a pool of remote predictors', () => {
  it('gives bit for bit what the model gives here, with the digest of its manifest', async () => {
    const one = await predictor();
    const { infer, digests } = await poolOf([one]);
    const { served, manifest } = one.repository.loaded('direction')!;
    const local = toPredictionModel(served, manifest!);
    for (const rows of [1, 2, 40]) {
      const features = rowsOf(one, rows, rows);
      expect(await infer(features, rows)).toEqual(await local.infer(features, rows));
    }
    expect(digests).toEqual([served.digest]);
  });

  it('spreads requests evenly', async () => {
    const predictors = await Promise.all([predictor(), predictor(), predictor()]);
    const { infer } = await poolOf(predictors);
    const features = rowsOf(predictors[0], 1);
    for (let round = 0; round < 30; round += 1)
      await Promise.all(Array.from({ length: 30 }, () => infer(features, 1)));
    for (const { rows } of predictors) expect(Math.abs(rows - 300)).toBeLessThan(60);
  });

  it('gives less to the one that is slower', async () => {
    const [fast, slower] = [await predictor(), await predictor()];
    slower.behaviour = slow(20);
    const { infer } = await poolOf([fast, slower]);
    const features = rowsOf(fast, 1);
    const caller = async () => {
      for (let i = 0; i < 50; i += 1) await infer(features, 1);
    };
    await Promise.all(Array.from({ length: 8 }, caller));
    expect(slower.rows).toBeLessThan(fast.rows / 2);
  });

  it('stops waiting when the time of a request is over, and the predictor does not run it any more', async () => {
    const one = await predictor();
    const { infer, pool } = await poolOf([one]);
    const features = rowsOf(one, 1);
    let expired = 0;
    // Holds the queue as a long run before it would.
    one.behaviour = (run, rowsIn, rows, done, expiresMs) =>
      void setTimeout(
        () =>
          run(
            rowsIn,
            rows,
            (error, outputs) => {
              if ((error as { code?: string } | undefined)?.code === 'RequestExpired') expired += 1;
              done(error, outputs);
            },
            expiresMs,
          ),
        100,
      );
    await expect(infer(features, 1, 20)).rejects.toMatchObject({ code: 'PredictorTimeout' });
    await eventually(() => expired === 1);
    one.behaviour = undefined;
    await eventually(() => pool.endpoints[0]!.inFlight === 0);
    await infer(features, 1, 1000);
  });

  it('refuses at once what no predictor has room for, and takes requests again after', async () => {
    const one = await predictor();
    one.behaviour = slow(100);
    const { connection } = QUICK.endpoint;
    const endpoint = { ...QUICK.endpoint, connection: { ...connection, maxInFlight: 4 } };
    const { infer } = await poolOf([one], { endpoint });
    const features = rowsOf(one, 1);
    const sent = Array.from({ length: 4 }, () => infer(features, 1));
    let answered = 0;
    for (const each of sent) void each.then(() => (answered += 1));
    await expect(infer(features, 1)).rejects.toMatchObject({ code: 'PredictorsBusy', kind: 'exhausted' });
    expect(answered).toBe(0);
    await Promise.all(sent);
    await infer(features, 1);
  });

  it('answers others on the stream while one request fails, on the connection that is there', async () => {
    const one = await predictor();
    const states: string[] = [];
    const test = openPool(
      [one.address],
      {},
      { observer: { onState: ({ state }) => void states.push(state.kind) } },
    );
    opened.push({ close: () => test.pool.close() });
    await eventually(() => test.digests.length === 1);
    const features = rowsOf(one, 1);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => test.infer(i % 3 === 1 ? features.subarray(1) : features, 1)),
    );
    outcomes.forEach((outcome, i) => {
      if (i % 3 !== 1) expect(outcome.status).toBe('fulfilled');
      else expect(outcome).toMatchObject({ reason: { kind: 'usage' } });
    });
    expect(states.filter((state) => state !== 'ready')).toEqual([]);
    expect(test.pool.endpoints[0]!.ejection.untilMs).toBeUndefined();
  });

  it('ejects a predictor that does not answer in time, loses no request by it, and takes it back', async () => {
    const [good, hanging] = [await predictor(), await predictor()];
    const { infer, pool } = await poolOf([good, hanging]);
    const features = rowsOf(good, 1);
    hanging.behaviour = never;
    for (let i = 0; i < 12; i += 1) await Promise.all(Array.from({ length: 8 }, () => infer(features, 1)));
    const isEjected = () =>
      pool.endpoints.find(({ address }) => address === hanging.address)!.ejection.untilMs !== undefined;
    expect(isEjected()).toBe(true);
    expect(pool.usable.map(({ address }) => address)).toEqual([good.address]);
    const before = hanging.rows;
    await Promise.all(Array.from({ length: 50 }, () => infer(features, 1)));
    // Probes may come, callers' requests may not.
    expect(hanging.rows - before).toBeLessThanOrEqual(2);
    hanging.behaviour = undefined;
    await eventually(() => pool.usable.length === 2);
    expect(isEjected()).toBe(false);
  });

  it('does not eject more than its share, so that the last predictor is always asked', async () => {
    const one = await predictor();
    const { infer, pool } = await poolOf([one], { timeoutMs: 100 });
    one.behaviour = (_run, _features, _rows, done) => done(new Error('broken'), []);
    const features = rowsOf(one, 1);
    for (let i = 0; i < 10; i += 1) await infer(features, 1).catch(() => undefined);
    expect(pool.usable).toHaveLength(1);
    one.behaviour = undefined;
    await infer(features, 1);
  });

  it('asks another predictor once where one is overloaded, and never twice', async () => {
    const [full, good] = [await predictor(), await predictor()];
    let asked = 0;
    const overloaded: TestPredictor['behaviour'] = (_run, _features, _rows, done) => {
      asked += 1;
      done(Object.assign(new ContractMismatch('full'), { code: 'InferenceOverload', kind: 'exhausted' }), []);
    };
    full.behaviour = overloaded;
    const { infer } = await poolOf([full, good]);
    const features = rowsOf(good, 1);
    await Promise.all(Array.from({ length: 40 }, () => infer(features, 1)));
    expect(asked).toBeGreaterThan(0);
    good.behaviour = overloaded;
    asked = 0;
    await expect(infer(features, 1)).rejects.toMatchObject({ code: 'InferenceOverload', kind: 'exhausted' });
    expect(asked).toBe(2);
  });

  it('loses no request when one of two predictors is restarted under load', async () => {
    const [first, second] = [await predictor(), await predictor()];
    first.behaviour = slow(5);
    // What is in flight when it is asked to stop is answered: nothing needs a second try.
    const settings = { retryShare: 0, retryReserve: 0, attemptTimeoutMs: 2000 };
    const { infer, pool } = await poolOf([first, second], settings);
    const features = rowsOf(second, 1);
    const load = { isOn: true, answered: 0 };
    const callers = Array.from({ length: 16 }, async () => {
      while (load.isOn) {
        await infer(features, 1);
        load.answered += 1;
      }
    });
    for (let restart = 0; restart < 3; restart += 1) {
      const atLeast = load.answered + 500;
      await eventually(() => load.answered > atLeast);
      await first.stop();
      await eventually(() => pool.usable.length === 1);
      const again = await startPredictor(artifacts[0]!, Number(first.address.split(':')[1]));
      first.stop = again.stop;
      await eventually(() => pool.usable.length === 2);
    }
    load.isOn = false;
    await Promise.all(callers);
  });

  it('follows the list of addresses', async () => {
    const [first, second] = [await predictor(), await predictor()];
    const { infer, pool } = await poolOf([first]);
    const features = rowsOf(first, 1);
    const answers = Array.from({ length: 100 }, () => infer(features, 1));
    pool.setAddresses([second.address]);
    await Promise.all(answers);
    await eventually(() => pool.usable.length === 1 && pool.usable[0]!.address === second.address);
    const before = first.rows;
    await Promise.all(Array.from({ length: 100 }, () => infer(features, 1)));
    expect(first.rows).toBe(before);
    expect(second.rows).toBeGreaterThanOrEqual(100);
    pool.setAddresses([]);
    await expect(infer(features, 1)).rejects.toMatchObject({ code: 'PredictorsAway', kind: 'unavailable' });
  });
});

describe('the revision of a pool', () => {
  it('changes with the majority, and each answer is of the revision that is named', async () => {
    const old = [await predictor(), await predictor()];
    const { pool, digests, infer } = await poolOf(old);
    const features = rowsOf(old[0]!, 1);
    const next = [
      await predictor(artifacts[1]),
      await predictor(artifacts[1]),
      await predictor(artifacts[1]),
    ];
    const [before, after] = [old[0]!, next[0]!].map(
      ({ repository }) => repository.loaded('direction')!.served.digest,
    );
    pool.setAddresses([...old, next[0]!].map(({ address }) => address));
    await eventually(() => pool.endpoints.every(({ state }) => state.kind === 'ready'));
    expect(digests).toEqual([before]);
    await infer(features, 1);
    expect(next[0]!.rows).toBe(0);
    pool.setAddresses([...old, ...next].map(({ address }) => address));
    await eventually(() => pool.model?.digest === after);
    const rows = old[0]!.rows + old[1]!.rows;
    await Promise.all(Array.from({ length: 30 }, () => infer(features, 1)));
    expect(old[0]!.rows + old[1]!.rows).toBe(rows);
  });

  it('changes with the only predictor, when a model is swapped in place', async () => {
    const path = join(folder, 'in-place');
    await cp(artifacts[0]!, path, { recursive: true });
    const one = await predictor(path);
    const { infer, digests } = await poolOf([one]);
    const features = rowsOf(one, 1);
    await rm(path, { recursive: true });
    await cp(artifacts[1]!, path, { recursive: true });
    await one.repository.load('direction');
    // The revision that was known is gone: never an answer of another one in its name.
    await expect(infer(features, 1)).rejects.toMatchObject({ code: 'ModelNotFound' });
    await eventually(() => digests.length === 2);
    await infer(features, 1);
  });

  it('is only the one that is wanted, where one is', async () => {
    const [one, other] = [await predictor(), await predictor(artifacts[1])];
    const { digest } = other.repository.loaded('direction')!.served;
    const test = openPool([one.address, other.address], { digest });
    opened.push({ close: () => test.pool.close() });
    await eventually(() => test.pool.endpoints.every(({ state }) => state.kind === 'ready'));
    expect(test.digests).toEqual([digest]);
    expect(test.pool.usable.map(({ address }) => address)).toEqual([other.address]);
  });

  it('is none where the contract does not fit, and the reason is told', async () => {
    const one = await predictor();
    const check = () => {
      throw new ContractMismatch('model must take other features');
    };
    const test = openPool([one.address], {}, { check });
    opened.push({ close: () => test.pool.close() });
    await eventually(() => test.pool.endpoints[0]!.state.kind === 'refused');
    expect(test.pool.endpoints[0]!.state).toEqual({
      kind: 'refused',
      reason: 'model must take other features',
    });
    expect(test.pool.model).toBeUndefined();
  });

  it('is none where the predictor does not have the model', async () => {
    const one = await predictor();
    const test = openPool([one.address], { model: 'other' });
    opened.push({ close: () => test.pool.close() });
    await eventually(() => test.pool.endpoints[0]!.state.kind === 'refused');
    expect(test.pool.endpoints[0]!.state).toMatchObject({ reason: expect.stringContaining("'other'") });
  });
});
