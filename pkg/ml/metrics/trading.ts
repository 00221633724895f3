import { normalCdf } from './normal.ts';

/** A chance to trade: one row of one symbol, in time order. All arrays have length n. */
export interface TradeRows {
  /** Probability of up. */
  readonly probabilities: ArrayLike<number>;
  /** Return from `startUs` to `endUs` as a fraction. */
  readonly returns: ArrayLike<number>;
  readonly startUs: ArrayLike<number>;
  readonly endUs: ArrayLike<number>;
  readonly symbolIds: ArrayLike<number>;
}

export interface TradeRules {
  /** Long above 0.5 + band, short below 0.5 - band, else flat; in [0, 0.5). */
  readonly band: number;
  /** Cost of a round trip in basis points, half of it for each unit that the position changes by. */
  readonly costBps: number;
}

/** What trading on the probabilities would have earned after costs. NaN where not defined. */
export interface TradingMetrics {
  /** Decisions made, flat ones included. */
  readonly decisions: number;
  /** Decisions with a position. */
  readonly trades: number;
  /** Compounded return after costs, as a fraction; equal capital in each symbol. */
  readonly netReturn: number;
  /** Mean over standard deviation of the returns per period; not annualised. */
  readonly sharpe: number;
  /** Probability that the true Sharpe ratio is above zero. */
  readonly probabilisticSharpe: number;
  /** Largest fall from a peak of the equity, as a fraction of the peak, in [0, 1]. */
  readonly maxDrawdown: number;
  /** Mean change of position per decision; 2 is a flip each time. */
  readonly turnover: number;
  /** Share of trades that earned more than they cost. */
  readonly hitRate: number;
}

/**
 * Goes through the rows as a trader would: each symbol takes a position at a row and holds it to the end of the row's
 * interval, then decides again at its next row. Rows inside a holding time are passed over, so that overlapping labels
 * are not counted twice. Returns are booked at the end of the holding time; a period is one such time.
 */
export function tradingMetrics(rows: TradeRows, { band, costBps }: TradeRules): TradingMetrics {
  const position = new Map<number, number>();
  const heldUntilUs = new Map<number, number>();
  const booked = new Map<number, number>();
  let [decisions, trades, hits, turnover] = [0, 0, 0, 0];
  for (let i = 0; i < rows.returns.length; i += 1) {
    const symbol = rows.symbolIds[i]!;
    if (rows.startUs[i]! < (heldUntilUs.get(symbol) ?? Number.NEGATIVE_INFINITY)) continue;
    const p = rows.probabilities[i]!;
    const next = p > 0.5 + band ? 1 : p < 0.5 - band ? -1 : 0;
    const change = Math.abs(next - (position.get(symbol) ?? 0));
    const net = next * rows.returns[i]! - (change * costBps) / 2e4;
    decisions += 1;
    turnover += change;
    if (next !== 0) {
      trades += 1;
      if (net > 0) hits += 1;
    }
    position.set(symbol, next);
    heldUntilUs.set(symbol, rows.endUs[i]!);
    booked.set(rows.endUs[i]!, (booked.get(rows.endUs[i]!) ?? 0) + net);
  }
  for (const [symbol, held] of position) {
    // The last position has to be closed as well.
    const untilUs = heldUntilUs.get(symbol)!;
    booked.set(untilUs, booked.get(untilUs)! - (Math.abs(held) * costBps) / 2e4);
  }
  const periods = [...booked].sort(([a], [b]) => a - b).map(([, net]) => net / position.size);
  return {
    decisions,
    trades,
    ...equityMetrics(periods),
    ...sharpeMetrics(periods),
    turnover: turnover / decisions,
    hitRate: hits / trades,
  };
}

/** Compounded return and largest drawdown of a series of period returns. */
export function equityMetrics(returns: readonly number[]): { netReturn: number; maxDrawdown: number } {
  let equity = 1;
  let peak = 1;
  let maxDrawdown = 0;
  for (const value of returns) {
    equity *= 1 + value;
    peak = Math.max(peak, equity);
    maxDrawdown = Math.max(maxDrawdown, 1 - equity / peak);
  }
  return { netReturn: equity - 1, maxDrawdown };
}

/**
 * Sharpe ratio per period and the probability that the true one is above zero, given length, skewness and kurtosis:
 * Phi(SR sqrt(n - 1) / sqrt(1 - skew SR + (kurtosis - 1)/4 SR^2)). Population moments, as in the paper. NaN with fewer
 * than two periods or without spread.
 *
 * @see Sharpe (1994), Journal of Portfolio Management 21(1), 49-58; Bailey and Lopez de Prado (2012), Journal of Risk
 *   15(2), 3-44, eq. 5.
 */
export function sharpeMetrics(returns: readonly number[]): { sharpe: number; probabilisticSharpe: number } {
  const n = returns.length;
  const mean = returns.reduce((sum, value) => sum + value, 0) / n;
  const moment = (order: number): number =>
    returns.reduce((sum, value) => sum + (value - mean) ** order, 0) / n;
  const variance = moment(2);
  if (n < 2 || !(variance > 0)) return { sharpe: Number.NaN, probabilisticSharpe: Number.NaN };
  const sharpe = mean / Math.sqrt(variance);
  const skewness = moment(3) / variance ** 1.5;
  const kurtosis = moment(4) / variance ** 2;
  const spread = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2;
  return { sharpe, probabilisticSharpe: normalCdf((sharpe * Math.sqrt(n - 1)) / Math.sqrt(spread)) };
}
