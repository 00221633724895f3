import { describe, expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { openPool, QUICK } from '../../../test/support/predictor-pool.ts';
import { poolFixture, rowsOf, slow } from '../../../test/support/predictors.ts';
import { toPredictionModel } from '../models/served-model-adapter.ts';

const { predictor, poolOf, closing } = poolFixture();

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
    closing(test.pool);
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
