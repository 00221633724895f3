import type { Seen } from './seen.ts';

/**
 * Numbers of revisions by name. A revision keeps its number for life; one without gets the next above all that are known, so that a higher number is
 * always a later revision.
 */
export function revisionNumbers(seen: Seen, names: readonly string[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const { name, number } of seen.status.revisions ?? []) numbers.set(name, number);
  for (const { name, number } of seen.revisions) if (number !== undefined) numbers.set(name, number);
  let next = Math.max(0, ...numbers.values()) + 1;
  // The target first, since it is the one that is recorded under its number.
  for (const name of [seen.target.name, ...names]) {
    if (numbers.has(name)) continue;
    numbers.set(name, next);
    next += 1;
  }
  return numbers;
}
