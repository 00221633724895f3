import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdOutTail, overlapRows, type SplitRows, separate, walkForward } from './splits.ts';

/** Pooled rows: `symbols` per time, each label `horizon` bars long. */
function pooled(times: number, symbols: number, horizon: number): SplitRows {
  const n = times * symbols;
  const time = (i: number): number => Math.floor(i / symbols);
  return {
    startUs: Float64Array.from({ length: n }, (_, i) => time(i)),
    endUs: Float64Array.from({ length: n }, (_, i) => time(i) + horizon),
    symbolIds: Int32Array.from({ length: n }, (_, i) => i % symbols),
    bars: Int32Array.from({ length: n }, (_, i) => time(i)),
  };
}

const shape = fc.record({
  times: fc.integer({ min: 12, max: 120 }),
  symbols: fc.integer({ min: 1, max: 4 }),
  horizon: fc.integer({ min: 0, max: 9 }),
  folds: fc.integer({ min: 1, max: 6 }),
  embargo: fc.integer({ min: 0, max: 5 }),
});

describe('walkForward', () => {
  it('equals TimeSeriesSplit(n_splits=4) on 23 rows when nothing overlaps', () => {
    // Labels of no length that end before the next row: nothing to purge. Expected: scikit-learn.
    const folds = walkForward(pooled(23, 1, 0), 4, 0);
    expect(folds.map(({ train, test }) => [train.length, train.at(-1), test[0], test.at(-1)])).toEqual([
      [7, 6, 7, 10],
      [11, 10, 11, 14],
      [15, 14, 15, 18],
      [19, 18, 19, 22],
    ]);
  });

  it('never trains on a label that overlaps the test block, nor within the embargo of it', () => {
    fc.assert(
      fc.property(shape, ({ times, symbols, horizon, folds, embargo }) => {
        const rows = pooled(times, symbols, horizon);
        for (const { train, test } of walkForward(rows, folds, embargo)) {
          const touches = (row: number, held: number): boolean =>
            rows.endUs[row]! >= rows.startUs[held]! ||
            (rows.symbolIds[row] === rows.symbolIds[held] && rows.bars[held]! - rows.bars[row]! <= embargo);
          expect(train.filter((row) => test.some((held) => touches(row, held)))).toHaveLength(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('accounts for every row before a block: trained on, purged or embargoed', () => {
    fc.assert(
      fc.property(shape, ({ times, symbols, horizon, folds, embargo }) => {
        for (const { train, test, purged, embargoed } of walkForward(
          pooled(times, symbols, horizon),
          folds,
          embargo,
        )) {
          expect(train.length + purged + embargoed).toBe(test[0] ?? train.length + purged + embargoed);
        }
      }),
    );
  });

  it('purges a label that ends at the instant the block begins', () => {
    const [fold] = walkForward(pooled(10, 1, 1), 1, 0);
    expect(fold).toMatchObject({ purged: 1, embargoed: 0 });
    expect([...fold!.train]).toEqual([0, 1, 2, 3]);
  });
});

describe('separate', () => {
  it('purges and embargoes rows after the block as well', () => {
    const rows = pooled(20, 1, 2);
    const all = Int32Array.from({ length: 20 }, (_, i) => i);
    const fold = separate(
      rows,
      all.filter((i) => i < 8 || i > 10),
      Int32Array.of(8, 9, 10),
      4,
    );
    expect([...fold.train]).toEqual([0, 1, 2, 3, 15, 16, 17, 18, 19]);
    expect(fold).toMatchObject({ purged: 4, embargoed: 4 });
  });
});

describe('holdOutTail', () => {
  it('separates the last share from the rest by the same rule', () => {
    const rows = pooled(20, 1, 3);
    const { train, test } = holdOutTail(
      rows,
      Int32Array.from({ length: 20 }, (_, i) => i),
      0.25,
      0,
    );
    expect([...test]).toEqual([15, 16, 17, 18, 19]);
    expect(train.at(-1)).toBe(11);
  });
});

describe('overlapRows', () => {
  it('counts the rows that share a label, over all symbols', () => {
    expect(overlapRows(pooled(200, 1, 1))).toBe(1);
    expect(overlapRows(pooled(200, 1, 5))).toBe(5);
    expect(overlapRows(pooled(200, 3, 5))).toBe(15);
  });
});
