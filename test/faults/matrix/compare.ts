import type { Effect } from './outcome.ts';

/** How the effects of a run differ from those of a straight one. All but `repeated` must be 0. */
export interface Comparison {
  readonly expected: number;
  /** Identities that are missing. */
  readonly lost: number;
  /** Identities that a straight run does not have. */
  readonly extra: number;
  /** Effects, repetitions too, that are not what the straight run has under their identity, bit for bit. */
  readonly different: number;
  /** Symbols whose effects, each where it comes first, are in another order. */
  readonly disordered: number;
  /** Records that repeat an identity, which readers leave out. */
  readonly repeated: number;
  /** The first that differs: as it must be, and as it was. */
  readonly example?: readonly [string, string];
}

/** Compares the effects of one output, in the order in which they lie there. */
export function compare(straight: readonly Effect[], run: readonly Effect[]): Comparison {
  const wanted = new Map(straight.map((effect) => [keyOf(effect), effect.content]));
  const seen = new Map<string, string[]>();
  const found = new Set<string>();
  let [extra, different, repeated] = [0, 0, 0];
  let example: readonly [string, string] | undefined;
  for (const effect of run) {
    const key = keyOf(effect);
    const content = wanted.get(key);
    if (found.has(key)) repeated += 1;
    else if (content === undefined) extra += 1;
    else listOf(seen, effect.symbol).push(effect.identity);
    if (content !== undefined && content !== effect.content) {
      different += 1;
      example ??= [content, effect.content];
    }
    found.add(key);
  }
  const lost = [...wanted.keys()].filter((key) => !found.has(key));
  const order = new Map<string, string[]>();
  for (const effect of straight)
    if (found.has(keyOf(effect))) listOf(order, effect.symbol).push(effect.identity);
  const disordered = [...order].filter(([symbol, list]) => list.join() !== seen.get(symbol)?.join());
  return {
    ...{
      expected: wanted.size,
      lost: lost.length,
      extra,
      different,
      disordered: disordered.length,
      repeated,
      ...(example === undefined ? {} : { example }),
    },
  };
}

const keyOf = ({ symbol, identity }: Effect): string => `${symbol} ${identity}`;

function listOf(lists: Map<string, string[]>, symbol: string): string[] {
  let list = lists.get(symbol);
  if (list === undefined) lists.set(symbol, (list = []));
  return list;
}
