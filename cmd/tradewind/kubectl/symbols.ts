import { SymbolSplit } from '../../../pkg/prediction/traffic/split.ts';
import type { TrafficTarget } from '../../../pkg/tradingmodel/status.ts';

/**
 * Declared symbols that each revision answers now, as every gateway splits them; nobody has to be asked.
 *
 * @param traffic - `status.traffic`, in its order.
 * @returns Nothing where nothing is routed yet, or where the weights are none that can be split by.
 */
export function symbolsByRevision(
  model: string,
  symbols: readonly string[],
  traffic: readonly TrafficTarget[],
): ReadonlyMap<string, readonly string[]> {
  const names = new Set(traffic.map(({ revision }) => revision));
  const total = traffic.reduce((sum, { weight }) => sum + weight, 0);
  if (total !== 100 || names.size !== traffic.length) return new Map();
  const split = new SymbolSplit(
    model,
    symbols,
    traffic.map(({ revision, weight, shadow }) => ({ revision, weight, isShadow: shadow === true })),
  );
  return new Map([...names].map((name) => [name, split.symbolsOf(name)]));
}
