import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createDatasetBuilder } from './dataset.ts';
import { featureDeciles, tenthOf } from './deciles.ts';

function deciles(values: readonly number[]) {
  const builder = createDatasetBuilder(['x']);
  values.forEach((value, i) =>
    builder.add({
      ...{ symbol: 'ES', timeUs: i + 1, knownTimeUs: i + 1, close: 1, mid: 1 },
      values: [value],
    }),
  );
  return featureDeciles(builder.build())['x'];
}

describe('deciles of features', () => {
  it('cut distinct values into tenths of equal size', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.float({ noNaN: true, noDefaultInfinity: true }), {
          ...{ minLength: 10, maxLength: 300 },
          // The two zeros are one value of a feature.
          comparator: 'SameValueZero',
        }),
        (values) => {
          const bounds = deciles(values)!;
          const counts = Array.from({ length: 10 }, () => 0);
          for (const value of values) counts[tenthOf(value, bounds)]! += 1;
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('leave absent values out', () => {
    const values = Array.from({ length: 20 }, (_, i) => i);
    expect(deciles([...values, Number.NaN, Number.NaN])).toEqual(deciles(values));
  });

  it('are not there for a value that makes up more than a tenth, nor for fewer than ten', () => {
    const values = Array.from({ length: 100 }, (_, i) => (i < 25 ? 0 : i));
    expect(deciles(values)).toBeUndefined();
    expect(deciles([1, 2, 3])).toBeUndefined();
  });
});
