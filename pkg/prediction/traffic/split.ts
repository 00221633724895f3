import { hash32 } from '../hash32.ts';
import { type RevisionTarget, type Route, Router } from '../router.ts';

/**
 * Splits the symbols of one model over its revisions, each symbol always to the same one.
 *
 * The symbols that a model declares are few, so chance would give a small share none at all, and a canary that answers nothing says
 * nothing. They are split by quota instead: ranked by a hash, the later targets take the first of the ranking and the stable one
 * the rest. Every other symbol, and every request of features alone, goes by weighted rendezvous.
 *
 * A weight that grows only draws symbols to its revision; one that shrinks only gives some away. Every gateway splits alike.
 */
export class SymbolSplit {
  readonly #router: Router;
  readonly #declared: ReadonlyMap<string, Route>;
  /** Whether where a request goes depends on its symbol. */
  readonly hasChoice: boolean;

  /**
   * @param targets - The stable revision first.
   * @throws {WeightsInvalid} A revision is named twice, a weight is out of bounds, or none is above 0.
   */
  constructor(model: string, symbols: readonly string[], targets: readonly RevisionTarget[]) {
    this.#router = new Router(targets);
    this.hasChoice = targets.filter(({ weight }) => weight > 0).length > 1;
    const shadows = targets.filter(({ isShadow }) => isShadow === true).map(({ revision }) => revision);
    const routeTo = (revision: string): Route => ({
      revision,
      shadows: shadows.filter((shadow) => shadow !== revision),
    });
    const ranked = rank(model, symbols);
    const declared = new Map<string, Route>();
    let next = 0;
    const [stable, ...others] = targets.filter(({ weight }) => weight > 0);
    const total = targets.reduce((sum, { weight }) => sum + weight, 0);
    for (const { revision, weight } of others) {
      const quota = quotaOf(weight / total, ranked.length);
      for (const symbol of ranked.slice(next, next + quota)) declared.set(symbol, routeTo(revision));
      next += quota;
    }
    for (const symbol of ranked.slice(next)) declared.set(symbol, routeTo(stable!.revision));
    this.#declared = declared;
  }

  /** The route of a symbol; any text serves as one. */
  route(symbol: string): Route {
    return this.#declared.get(symbol) ?? this.#router.route(symbol);
  }

  /** Declared symbols that a revision answers. */
  symbolsOf(revision: string): readonly string[] {
    return [...this.#declared].filter(([, route]) => route.revision === revision).map(([symbol]) => symbol);
  }
}

/**
 * Symbols of a share: the nearest whole number, but one at least, and never all of them. A model of one symbol cannot be split: it
 * moves at 100 %.
 *
 * @param share - In (0, 1).
 */
export function quotaOf(share: number, symbols: number): number {
  return Math.min(Math.max(1, Math.round(share * symbols)), symbols - 1);
}

function rank(model: string, symbols: readonly string[]): readonly string[] {
  const seed = hash32(model, 0);
  const hashed = [...new Set(symbols)].map((symbol) => ({ symbol, hash: hash32(symbol, seed) }));
  return hashed.sort((a, b) => a.hash - b.hash || (a.symbol < b.symbol ? -1 : 1)).map(({ symbol }) => symbol);
}
