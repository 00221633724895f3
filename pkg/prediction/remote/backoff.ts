/** Bounds of a growing wait. */
export interface BackoffSettings {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Milliseconds to wait before the next try: doubles with each failure in a row, up to the bound, and half of it is random, so
 * that those who lost the same server do not all come back at once.
 *
 * @param failures - In a row, >= 1.
 * @param random - One number in [0, 1).
 */
export function backoffMs(failures: number, { baseMs, maxMs }: BackoffSettings, random: number): number {
  const wholeMs = Math.min(maxMs, baseMs * 2 ** (failures - 1));
  return wholeMs / 2 + (wholeMs / 2) * random;
}
