/**
 * Distribution function of the standard normal, to about 1e-15 absolute: the Taylor series of Marsaglia near zero, a
 * continued fraction in the tails.
 *
 * @see Marsaglia (2004), Journal of Statistical Software 11(4); Abramowitz and Stegun (1964), 26.2.14 (tails).
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x < -6) return upperTail(-x);
  if (x > 6) return 1 - upperTail(x);
  let sum = x;
  let term = x;
  for (let i = 3; ; i += 2) {
    term *= (x * x) / i;
    const next = sum + term;
    if (next === sum) break;
    sum = next;
  }
  return 0.5 + sum * density(x);
}

function density(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

function upperTail(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k -= 1) fraction = x + k / fraction;
  return x === Number.POSITIVE_INFINITY ? 0 : density(x) / fraction;
}
