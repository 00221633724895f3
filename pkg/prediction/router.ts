import { WeightsInvalid } from './errors.ts';
import { hash32 } from './hash32.ts';

/** A revision of a model and the share of the symbols that it answers. */
export interface RevisionTarget {
  readonly revision: string;
  /** Share relative to the others' weights; finite, >= 0. At 0 it answers nothing. */
  readonly weight: number;
  /** Sees every request too, and its answers are thrown away; independent of the weight. */
  readonly isShadow?: boolean;
}

/** Where a request goes. */
export interface Route {
  /** The revision that answers. */
  readonly revision: string;
  /** Revisions that get a copy, without the one that answers. */
  readonly shadows: readonly string[];
}

interface Weighted {
  readonly revision: string;
  readonly weight: number;
  readonly seed: number;
}

/**
 * Splits symbols over revisions by weight, each symbol always to the same one, by weighted rendezvous hashing: every revision draws
 * -weight / ln(u) for a symbol, with u hashed from both, and the largest wins. It keeps no state, so every gateway that knows the
 * weights routes alike. A weight that grows only draws symbols to its revision; one that shrinks only gives some away.
 *
 * @see Schindelhauer and Schomaker (2005), Weighted Distributed Hash Tables, SPAA: the logarithmic method.
 */
export class Router {
  readonly #weighted: readonly Weighted[];
  readonly #routes: ReadonlyMap<string, Route>;

  /** @throws {WeightsInvalid} A revision is named twice, a weight is out of bounds, or none is above 0. */
  constructor(targets: readonly RevisionTarget[]) {
    check(targets);
    const shadows = targets.filter(({ isShadow }) => isShadow === true).map(({ revision }) => revision);
    this.#weighted = targets
      .filter(({ weight }) => weight > 0)
      .map(({ revision, weight }) => ({ revision, weight, seed: hash32(revision, 0) }));
    this.#routes = new Map(
      this.#weighted.map(({ revision }) => [
        revision,
        { revision, shadows: shadows.filter((shadow) => shadow !== revision) },
      ]),
    );
  }

  /** The route of a symbol; any text serves as one (the hash of the inputs, where the caller gave features). */
  route(symbol: string): Route {
    return this.#routes.get(this.#winner(symbol).revision)!;
  }

  #winner(symbol: string): Weighted {
    let winner = this.#weighted[0]!;
    if (this.#weighted.length === 1) return winner;
    let best = -1;
    for (const candidate of this.#weighted) {
      const score = -candidate.weight / Math.log(uniform(hash32(symbol, candidate.seed)));
      // A tie (two equal hashes) goes by name, so that the order of the list does not matter.
      if (score > best || (score === best && candidate.revision < winner.revision)) {
        best = score;
        winner = candidate;
      }
    }
    return winner;
  }
}

function check(targets: readonly RevisionTarget[]): void {
  if (new Set(targets.map(({ revision }) => revision)).size !== targets.length) {
    throw new WeightsInvalid('revisions must have different names');
  }
  for (const { revision, weight } of targets) {
    if (!Number.isFinite(weight) || weight < 0) {
      throw new WeightsInvalid(
        `weight of revision '${revision}' must be finite and at least 0, was ${weight}`,
      );
    }
  }
  if (!targets.some(({ weight }) => weight > 0)) {
    throw new WeightsInvalid('at least one revision must have a weight above 0');
  }
}

/** A hash as a number in (0, 1), both ends excluded: the logarithm needs it. */
function uniform(hash: number): number {
  return (hash + 0.5) / 2 ** 32;
}
