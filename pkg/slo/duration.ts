const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** A length of time as Prometheus spells it, such as `1d12h`. @param seconds - Above 0; rounded to milliseconds, 1 at least. */
export function promDuration(seconds: number): string {
  let left = Math.max(1, Math.round(seconds * 1000));
  let text = '';
  for (const [unit, ms] of UNITS) {
    const count = Math.floor(left / ms);
    if (count > 0) text += `${count}${unit}`;
    left -= count * ms;
  }
  return text;
}
