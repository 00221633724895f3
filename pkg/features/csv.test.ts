import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { featureCsvHeader, featureCsvRow, parseFeatureHeader, parseFeatureRow } from './csv.ts';
import { FeatureRowInvalid } from './errors.ts';

const NAMES = ['return_1', 'rsi_14'];

describe('feature rows as text', () => {
  it('reads back every finite number bit for bit, and absent as absent', () => {
    const value = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constant(Number.NaN));
    fc.assert(
      fc.property(fc.tuple(value, value), fc.integer({ min: 0, max: 2 ** 52 }), (pair, timeUs) => {
        const row = featureCsvRow({ timeUs, symbol: 'ES', values: pair });
        const read = parseFeatureRow(row, 2, NAMES);
        expect([read.timeUs, read.symbol]).toEqual([timeUs, 'ES']);
        pair.forEach((want, i) => {
          expect(read.values[i]).toBe(want);
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('reads back the names that it wrote', () => {
    expect(parseFeatureHeader(featureCsvHeader(NAMES))).toEqual(NAMES);
  });

  it('takes Windows line ends', () => {
    expect([...parseFeatureRow('1,ES,0.5,\r\n', 2, NAMES).values]).toEqual([0.5, Number.NaN]);
  });

  it.each([
    ['1,ES,0.5', 'line 7: row must have 4 fields, had 3'],
    ['1.5,ES,0.5,1', 'line 7, column time_us'],
    [',ES,0.5,1', 'line 7, column time_us'],
    ['1,,0.5,1', 'line 7, column symbol'],
    ['1,ES,0x10,1', 'line 7, column return_1'],
    ['1,ES,0.5, ', 'line 7, column rsi_14'],
    ['1,ES,0.5,NaN', 'line 7, column rsi_14'],
    ['1,ES,0.5,1e999', 'line 7, column rsi_14'],
  ])('refuses %j and says where', (text, message) => {
    expect(() => parseFeatureRow(text, 7, NAMES)).toThrow(FeatureRowInvalid);
    expect(() => parseFeatureRow(text, 7, NAMES)).toThrow(message);
  });

  it.each(['time,symbol,a', 'time_us,symbol', 'time_us,symbol,a,', 'time_us,symbol,a,a'])(
    'refuses the header %j',
    (header) => {
      expect(() => parseFeatureHeader(header)).toThrow(FeatureRowInvalid);
    },
  );
});
