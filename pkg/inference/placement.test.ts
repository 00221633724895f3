import { describe, expect, it } from 'vitest';

import { choosePlacement, type Placement, type RunTimes } from './placement.ts';

const CASES: readonly [string, RunTimes | undefined, Placement][] = [
  ['a short model', { oneRowMs: 0.03, fullBatchMs: 0.3 }, 'inline'],
  ['a full batch at the bound', { oneRowMs: 0.1, fullBatchMs: 2 }, 'inline'],
  ['a full batch above the bound', { oneRowMs: 0.1, fullBatchMs: 2.01 }, 'worker'],
  ['one row above the bound', { oneRowMs: 3, fullBatchMs: 1.5 }, 'worker'],
  ['a model that could not be measured', undefined, 'worker'],
];

describe('choice of the thread', () => {
  it.each(CASES)('puts %s where it belongs', (_, times, placement) => {
    expect(choosePlacement(times, 2)).toBe(placement);
  });
});
