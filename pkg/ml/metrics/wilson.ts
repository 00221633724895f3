/** Quantile of the standard normal for 95 % of the mass between its two sides. */
const Z_95 = 1.959963984540054;

/**
 * Interval that holds the true share in 95 % of cases.
 *
 * @param share - Share seen, in [0, 1].
 * @param n - Independent cases it was seen in, > 0; a fraction where they are an effective number.
 * @returns Within [0, 1].
 * @see Wilson (1927), JASA 22(158), 209-212.
 */
export function wilsonInterval(share: number, n: number): readonly [low: number, high: number] {
  const z2 = Z_95 ** 2;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
