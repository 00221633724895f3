import { describe, expect, it } from 'vitest';

import type { DatasetRow } from '../ml/dataset.ts';
import { firstShare, selectTrainingRows } from './training-rows.ts';

const NAMES = ['fast', 'slow'];
const ABSENT = Number.NaN;

/** Rows of one symbol in sequence from a time on. */
function rowsOf(symbol: string, fromUs: number, values: readonly (readonly number[])[]): DatasetRow[] {
  return values.map((row, i) => ({ symbol, timeUs: fromUs + i, values: row, close: 100, mid: 100 }));
}

/** A run that warms up: `slow` is there from its third row on. */
const warming = (symbol: string, fromUs: number): DatasetRow[] =>
  rowsOf(symbol, fromUs, [
    [1, ABSENT],
    [2, ABSENT],
    [3, 30],
    [4, 40],
  ]);

describe('selectTrainingRows', () => {
  it('takes what is absent at the start of every file for warm-up, not for a gap', () => {
    const { dataset, optionalFeatures, leftOut } = selectTrainingRows(NAMES, [
      warming('ES', 0),
      warming('ES', 100),
    ]);
    expect(optionalFeatures).toEqual([]);
    expect(Array.from(dataset.timeUs)).toEqual([2, 3, 102, 103]);
    expect(leftOut).toEqual({ warmUpRows: 4, features: [], symbols: [] });
  });

  it('lets each symbol of a file warm up by itself', () => {
    const { dataset, optionalFeatures } = selectTrainingRows(NAMES, [
      [...warming('ES', 0), ...warming('NQ', 100)],
    ]);
    expect(optionalFeatures).toEqual([]);
    expect(Array.from(dataset.timeUs)).toEqual([2, 3, 102, 103]);
  });

  it('allows a feature to be absent that is so in the midst of rows, and keeps these', () => {
    const rows = rowsOf('ES', 0, [
      [1, 10],
      [2, ABSENT],
      [3, 30],
    ]);
    const { dataset, optionalFeatures, leftOut } = selectTrainingRows(NAMES, [rows]);
    expect(optionalFeatures).toEqual(['slow']);
    expect(dataset.rows).toBe(3);
    expect(leftOut.warmUpRows).toBe(0);
  });

  it('leaves out a feature that no row has', () => {
    const rows = rowsOf('ES', 0, [
      [1, ABSENT],
      [2, ABSENT],
    ]);
    const { dataset, optionalFeatures, leftOut } = selectTrainingRows(NAMES, [rows]);
    expect(dataset.featureNames).toEqual(['fast']);
    expect(Array.from(dataset.features)).toEqual([1, 2]);
    expect(optionalFeatures).toEqual([]);
    expect(leftOut).toEqual({ warmUpRows: 0, features: ['slow'], symbols: [] });
  });

  it('names a symbol of which nothing is left, and what it lacks', () => {
    const without = rowsOf('NQ', 0, [
      [1, ABSENT],
      [2, ABSENT],
    ]);
    const { dataset, leftOut } = selectTrainingRows(NAMES, [warming('ES', 0), without]);
    expect(dataset.symbols).toEqual(['ES']);
    expect(leftOut).toEqual({
      warmUpRows: 4,
      features: [],
      symbols: [{ symbol: 'NQ', lacks: ['slow'] }],
    });
  });
});

describe('firstShare', () => {
  const inputs = [warming('ES', 0), warming('NQ', 2)];

  it('cuts all inputs at the same time', () => {
    expect(firstShare(inputs, 0.5).map((rows) => rows.map(({ timeUs }) => timeUs))).toEqual([[0, 1, 2], [2]]);
  });

  it('gives everything for 1, and nothing of nothing', () => {
    expect(firstShare(inputs, 1)).toEqual(inputs);
    expect(firstShare([[]], 0.5)).toEqual([[]]);
  });
});
