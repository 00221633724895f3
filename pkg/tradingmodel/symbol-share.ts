/**
 * How many of the declared symbols an update answers for at a weight: its share, rounded, but at least one as soon as it has any
 * weight, and not all before it has all of it. A single symbol moves at 100 per cent.
 *
 * @param weight - Per cent, 0 to 100.
 * @param symbols - Number of declared symbols, >= 1.
 */
export function symbolShare(weight: number, symbols: number): number {
  if (weight <= 0) return 0;
  if (weight >= 100) return symbols;
  return Math.min(Math.max(Math.round((weight / 100) * symbols), 1), symbols - 1);
}
