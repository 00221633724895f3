/**
 * How many of the declared symbols an update answers for at a weight: its share, rounded, but at least one as soon as it has any
 * weight, and not all before it has all of it.
 *
 * @param weight - Per cent, 0 to 100.
 * @param symbols - Number of declared symbols, >= 1.
 */
export function symbolShare(weight: number, symbols: number): number {
  const least = weight > 0 ? 1 : 0;
  const most = weight < 100 && symbols > 1 ? symbols - 1 : symbols;
  return Math.min(Math.max(Math.round((weight / 100) * symbols), least), most);
}
