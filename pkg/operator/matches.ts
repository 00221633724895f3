import { quantityValue } from '../tradingmodel/quantity.ts';

/**
 * Whether an object still is as it was applied: everything that was applied is there with the same value. What others added does not
 * count: defaults of the API server, labels of other tools, fields that somebody else owns.
 */
export function matches(applied: unknown, found: unknown): boolean {
  if (Array.isArray(applied)) return Array.isArray(found) && listMatches(applied, found);
  if (typeof applied === 'object' && applied !== null) {
    // An empty object that was applied may be left out by the API server.
    const fields = typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {};
    return Object.entries(applied).every(([key, value]) => matches(value, fields[key]));
  }
  return applied === found || isSameQuantity(applied, found);
}

/** Lists of named things are compared by name, since others may add theirs; all other lists in their order. */
function listMatches(applied: readonly unknown[], found: readonly unknown[]): boolean {
  const isNamed = applied.length > 0 && applied.every((item) => nameOf(item) !== undefined);
  if (isNamed)
    return applied.every((item) =>
      matches(
        item,
        found.find((other) => nameOf(other) === nameOf(item)),
      ),
    );
  return applied.length === found.length && applied.every((item, i) => matches(item, found[i]));
}

const nameOf = (item: unknown): string | undefined =>
  typeof item === 'object' && item !== null ? (item as { readonly name?: string }).name : undefined;

/** The API server writes quantities in its own form: `0.5` becomes `500m`. */
function isSameQuantity(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  const value = quantityValue(a);
  return value !== undefined && value === quantityValue(b);
}
