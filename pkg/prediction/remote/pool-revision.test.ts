import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { openPool } from '../../../test/support/predictor-pool.ts';
import { poolFixture, rowsOf } from '../../../test/support/predictors.ts';
import { ContractMismatch } from '../../artifacts/errors.ts';

const { predictor, poolOf, closing, artifact, folder } = poolFixture();

describe('the revision of a pool', () => {
  it('changes with the majority, and each answer is of the revision that is named', async () => {
    const old = [await predictor(), await predictor()];
    const { pool, digests, infer } = await poolOf(old);
    const features = rowsOf(old[0]!, 1);
    const next = [await predictor(artifact(1)), await predictor(artifact(1)), await predictor(artifact(1))];
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
    const path = join(folder(), 'in-place');
    await cp(artifact(0), path, { recursive: true });
    const one = await predictor(path);
    const { infer, digests } = await poolOf([one]);
    const features = rowsOf(one, 1);
    await rm(path, { recursive: true });
    await cp(artifact(1), path, { recursive: true });
    await one.repository.load('direction');
    // The revision that was known is gone: never an answer of another one in its name.
    const { asked } = one.manifests;
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => infer(features, 1)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'ModelNotFound' } });
    await eventually(() => digests.length === 2);
    expect(one.manifests.asked - asked).toBeLessThan(10);
    await infer(features, 1);
  });

  it('is only the one that is wanted, where one is', async () => {
    const [one, other] = [await predictor(), await predictor(artifact(1))];
    const { digest } = other.repository.loaded('direction')!.served;
    const test = openPool([one.address, other.address], { digest });
    closing(test.pool);
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
    closing(test.pool);
    await eventually(() => test.pool.endpoints[0]!.state.kind === 'refused');
    expect(test.pool.endpoints[0]!.state).toEqual({
      kind: 'refused',
      code: 'ContractMismatch',
      reason: 'model must take other features',
    });
    expect(test.pool.model).toBeUndefined();
  });

  it('is none where the predictor does not have the model', async () => {
    const one = await predictor();
    const test = openPool([one.address], { model: 'other' });
    closing(test.pool);
    await eventually(() => test.pool.endpoints[0]!.state.kind === 'refused');
    expect(test.pool.endpoints[0]!.state).toMatchObject({ reason: expect.stringContaining("'other'") });
  });
});
