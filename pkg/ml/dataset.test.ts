import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDatasetBuilder, takeRows } from './dataset.ts';
import { DatasetRowInvalid } from './errors.ts';

const row = { symbol: 'A', timeUs: 0, values: [1, 2], close: 1, mid: 1 };

describe('createDatasetBuilder', () => {
  it('pools symbols in time order, whatever the order they came in', () => {
    const series = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 });
    fc.assert(
      fc.property(series, series, (a, b) => {
        const build = (symbols: readonly (readonly [string, readonly number[]])[]) => {
          const builder = createDatasetBuilder(['x']);
          for (const [symbol, times] of symbols) {
            [...times]
              .sort((x, y) => x - y)
              .forEach((timeUs, i) =>
                builder.add({ symbol, timeUs, values: [i], close: 1 + i, mid: Number.NaN }),
              );
          }
          return builder.build();
        };
        const data = build([
          ['A', a],
          ['B', b],
        ]);
        expect([...data.timeUs]).toEqual([...a, ...b].sort((x, y) => x - y));
        expect([...data.features]).toEqual([...data.bars]);
        expect(
          build([
            ['B', b],
            ['A', a],
          ]),
        ).toEqual(data);
      }),
    );
  });

  it('takes what float32 cannot hold, and prices that are none, as absent', () => {
    const builder = createDatasetBuilder(['x', 'y']);
    builder.add({ ...row, values: [1e300, 0.1], mid: -1 });
    const data = builder.build();
    expect([...data.features]).toEqual([Number.NaN, Math.fround(0.1)]);
    expect(data.mid[0]).toBeNaN();
  });

  it.each([
    ['too few features', { ...row, values: [1] }],
    ['a time that steps back', { ...row, timeUs: -1 }],
    ['a close of zero', { ...row, close: 0 }],
    ['a close that is not a number', { ...row, close: Number.NaN }],
  ])('refuses %s', (_, bad) => {
    const builder = createDatasetBuilder(['x', 'y']);
    builder.add(row);
    expect(() => builder.add(bad)).toThrow(DatasetRowInvalid);
  });
});

describe('takeRows', () => {
  it('gives rows in the order asked for', () => {
    expect([...takeRows(Float32Array.of(1, 2, 3, 4, 5, 6), 2, Int32Array.of(2, 0))]).toEqual([5, 6, 1, 2]);
  });
});
