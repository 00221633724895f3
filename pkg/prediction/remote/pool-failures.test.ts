import { describe, expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { openPool, QUICK, startLoad } from '../../../test/support/predictor-pool.ts';
import {
  poolFixture,
  rowsOf,
  slow,
  startPredictor,
  type TestPredictor,
} from '../../../test/support/predictors.ts';
import { ContractMismatch } from '../../artifacts/errors.ts';
import { DeadlineExceeded } from '../../rpc/errors.ts';
import type { Endpoint } from './endpoint.ts';

const { predictor, poolOf, closing, artifact } = poolFixture();

const never: TestPredictor['behaviour'] = () => undefined;

describe('a pool whose predictors fail', { timeout: 60_000 }, () => {
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
    const settings = { retryShare: 0, retryReserve: 0, attemptTimeoutMs: 20_000 };
    const test = await poolOf([first, second], settings);
    const work = startLoad(test, rowsOf(second, 1));
    for (let restart = 0; restart < 3; restart += 1) {
      await work.answers(500);
      await first.stop();
      await eventually(() => test.pool.usable.length === 1);
      const again = await startPredictor(artifact(0), Number(first.address.split(':')[1]));
      first.stop = again.stop;
      await eventually(() => test.pool.usable.length === 2);
    }
    expect(await work.stop()).toEqual([]);
  });

  it('leaves a predictor that says it does not serve, answers what it was sent, and comes back when it serves', async () => {
    const one = await predictor();
    const { infer, pool } = await poolOf([one]);
    one.behaviour = slow(50);
    const sent = Array.from({ length: 10 }, () => infer(rowsOf(one, 1), 1));
    one.setServing(false);
    await eventually(() => pool.usable.length === 0);
    await Promise.all(sent);
    await eventually(() => JSON.stringify(pool.endpoints[0]!.state).includes('does not serve yet'));
    one.setServing(true);
    await eventually(() => pool.usable.length === 1);
    await infer(rowsOf(one, 1), 1);
  });

  it('tells of a predictor that is away once, not of each try to reach it', async () => {
    const one = await predictor();
    const states: string[] = [];
    const observer = { onState: ({ state }: Endpoint) => void states.push(state.kind) };
    const endpoint = { ...QUICK.endpoint, verifyMs: 20 };
    const test = openPool([one.address], { endpoint }, { observer });
    closing(test.pool);
    await eventually(() => one.manifests.asked > 3);
    await one.stop();
    await eventually(() => test.pool.endpoints[0]!.state.kind === 'away');
    const again = await startPredictor(artifact(0), Number(one.address.split(':')[1]));
    one.stop = again.stop;
    await eventually(() => test.pool.usable.length === 1);
    expect(states.filter((state, i) => state !== 'away' || states[i - 1] !== 'away')).toEqual([
      ...['ready', 'draining', 'away', 'ready'],
    ]);
    // Once that it has stopped, once that it cannot be reached.
    expect(states.filter((state) => state === 'away').length).toBeLessThanOrEqual(2);
  });

  it('goes on with a predictor that has no time to say what it serves', async () => {
    const one = await predictor();
    const endpoint = { ...QUICK.endpoint, verifyMs: 20 };
    const { infer, pool } = await poolOf([one], { endpoint });
    one.manifests.failure = new DeadlineExceeded('GetManifest');
    const { asked } = one.manifests;
    await eventually(() => one.manifests.asked > asked + 2);
    expect(pool.usable).toHaveLength(1);
    await infer(rowsOf(one, 1), 1);
  });
});
