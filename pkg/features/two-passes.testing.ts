import fc from 'fast-check';

/** Mean and deviation of all values at once, in two passes. */
export function twoPassesOver(values: readonly number[]): {
  readonly mean: number;
  readonly deviation: number;
} {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const rest = values.reduce((total, value) => total + (value - mean), 0);
  const variance = (squares - (rest * rest) / values.length) / values.length;
  return { mean, deviation: Math.sqrt(Math.max(0, variance)) };
}

/** Series that take digits away: outliers, levels far from 0, stretches that stand still, scales that change. */
export const lossySeries = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 60 }),
      level: fc.constantFrom(0, 1.1, 100, 5000, 65_000),
      scale: fc.constantFrom(0, 1e-4, 1, 1e4),
      values: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) =>
    parts.flatMap(({ length, level, scale, values }) =>
      // Squares of smaller values would underflow, here and in any other formula.
      values.slice(0, length).map((value) => level + scale * (Math.abs(value) < 1e-100 ? 0 : value)),
    ),
  );
