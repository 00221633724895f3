import { decimalsOf } from './format.js';

/** @import { Frame, PredictionPoint, PricePoint, SymbolFrame, VectorFrame } from '../messages.ts' */

/** Bars and predictions kept of each symbol. */
const KEEP = 300;

/**
 * @typedef {object} SymbolState
 * @property {string} symbol
 * @property {SymbolFrame} newest - Newest quote and last price.
 * @property {PricePoint[]} points - Oldest first.
 * @property {number} nextPoint - Number of the bar that comes next.
 * @property {PredictionPoint[]} predictions - Oldest first.
 * @property {number} nextPrediction
 * @property {VectorFrame | undefined} vector
 * @property {number} decimals - That prices are shown with: never fewer than before, so that columns stand still.
 */

/** All that the page knows, out of snapshots and deltas. */
export class Store {
  /** @type {Map<string, SymbolState>} */
  symbols = new Map();
  /** Newest frame, for all that is not of one symbol. @type {Frame | undefined} */
  frame = undefined;

  /**
   * @param {Frame} frame
   * @param {boolean} isSnapshot - Everything known before is forgotten.
   */
  apply(frame, isSnapshot) {
    if (isSnapshot) this.symbols = new Map();
    this.frame = frame;
    for (const news of frame.symbols)
      this.symbols.set(news.symbol, merged(this.symbols.get(news.symbol), news));
  }
}

/**
 * @param {SymbolState | undefined} before
 * @param {SymbolFrame} news
 * @returns {SymbolState}
 */
function merged(before, news) {
  const { points, predictions } = news;
  // Not the closes of bars: one without a trade closes at the mid, which has a digit more than any price.
  const quoted = points.slice(-20).flatMap(({ bid, ask }) => [bid, ask]);
  const prices = [news.bid, news.ask, news.last, ...quoted];
  return {
    symbol: news.symbol,
    newest: news,
    points: appended(before?.points ?? [], before?.nextPoint ?? 0, points, news.firstPoint),
    nextPoint: news.firstPoint + points.length,
    predictions: appended(
      before?.predictions ?? [],
      before?.nextPrediction ?? 0,
      predictions,
      news.firstPrediction,
    ),
    nextPrediction: news.firstPrediction + predictions.length,
    vector: news.vector ?? before?.vector,
    decimals: Math.max(
      before?.decimals ?? 0,
      ...prices.map((price) => (price === null ? 0 : decimalsOf(price))),
    ),
  };
}

/**
 * What a delta repeats of the snapshot before it is left out.
 *
 * @template T
 * @param {T[]} kept
 * @param {number} next - Number of the item that comes next.
 * @param {readonly T[]} items
 * @param {number} first - Number of the first of `items`.
 * @returns {T[]}
 */
function appended(kept, next, items, first) {
  const fresh = items.slice(Math.max(0, next - first));
  if (fresh.length === 0) return kept;
  return [...kept, ...fresh].slice(-KEEP);
}
