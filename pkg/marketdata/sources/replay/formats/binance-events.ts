import type { BookDelta, BookSnapshot, Levels, Quote, Trade } from '../../../events.ts';
import { malformed } from '../format.ts';

/** An event so far ahead of its receipt does not move the newest time of the venue. */
const MAX_AHEAD_US = 60_000_000;

export type BinanceVenue = 'binance-usdm' | 'binance-spot';

/**
 * Makes events out of the values of Binance's messages, however these were read. Messages that carry no time take the newest
 * time of the venue before them, or else their receipt. Every method throws a MalformedLine for a time beyond 2^53 microseconds.
 */
export class BinanceEvents {
  readonly #quoteSource: string;
  readonly #tradeSource: string;
  readonly #depthSource: string;
  readonly #snapshotSource: string;
  /** Symbol of the newest depth update: snapshots do not name theirs. */
  #depthSymbol: string;
  #newestUs = 0;

  constructor(venue: BinanceVenue, symbol: string) {
    this.#quoteSource = `${venue}.quote`;
    this.#tradeSource = `${venue}.trade`;
    this.#depthSource = `${venue}.depth`;
    this.#snapshotSource = `${venue}.snapshot`;
    this.#depthSymbol = symbol;
  }

  quote(
    symbol: string,
    sequence: number,
    bidPrice: number,
    bidSize: number,
    askPrice: number,
    askSize: number,
    timeMs: number | undefined,
    receiveTimeUs: number,
  ): Quote {
    return {
      kind: 'quote',
      source: this.#quoteSource,
      symbol,
      sequence,
      eventTimeUs: this.#eventTime(timeMs, receiveTimeUs),
      receiveTimeUs,
      bidPrice,
      bidSize,
      askPrice,
      askSize,
    };
  }

  /** @param buyerIsMaker - The buyer's order was resting, so the aggressor sold. */
  trade(
    symbol: string,
    sequence: number,
    price: number,
    size: number,
    buyerIsMaker: boolean,
    timeMs: number,
    receiveTimeUs: number,
  ): Trade {
    return {
      kind: 'trade',
      source: this.#tradeSource,
      symbol,
      sequence,
      eventTimeUs: this.#eventTime(timeMs, receiveTimeUs),
      receiveTimeUs,
      price,
      size,
      side: buyerIsMaker ? 'sell' : 'buy',
    };
  }

  /** @throws {MalformedLine} The ids contradict each other. */
  delta(
    symbol: string,
    firstUpdateId: number,
    lastUpdateId: number,
    previousUpdateId: number | undefined,
    bids: Levels,
    asks: Levels,
    timeMs: number,
    receiveTimeUs: number,
  ): BookDelta {
    if (firstUpdateId > lastUpdateId)
      throw malformed(`U must be at most u, was ${firstUpdateId} against ${lastUpdateId}`);
    if (previousUpdateId !== undefined && previousUpdateId > lastUpdateId)
      throw malformed(`pu must be at most u, was ${previousUpdateId} against ${lastUpdateId}`);
    this.#depthSymbol = symbol;
    const delta: BookDelta = {
      kind: 'bookDelta',
      source: this.#depthSource,
      symbol,
      sequence: lastUpdateId,
      eventTimeUs: this.#eventTime(timeMs, receiveTimeUs),
      receiveTimeUs,
      firstUpdateId,
      lastUpdateId,
      bids,
      asks,
    };
    return previousUpdateId === undefined ? delta : { ...delta, previousUpdateId };
  }

  snapshot(
    lastUpdateId: number,
    bids: Levels,
    asks: Levels,
    timeMs: number | undefined,
    receiveTimeUs: number,
  ): BookSnapshot {
    return {
      kind: 'bookSnapshot',
      source: this.#snapshotSource,
      symbol: this.#depthSymbol,
      sequence: lastUpdateId,
      eventTimeUs: this.#eventTime(timeMs, receiveTimeUs),
      receiveTimeUs,
      lastUpdateId,
      bids,
      asks,
    };
  }

  #eventTime(timeMs: number | undefined, receiveTimeUs: number): number {
    if (timeMs === undefined) return this.#newestUs === 0 ? receiveTimeUs : this.#newestUs;
    const timeUs = timeMs * 1000;
    if (!Number.isSafeInteger(timeUs)) throw malformed(`time must be epoch milliseconds, was ${timeMs}`);
    if (timeUs > this.#newestUs && timeUs <= receiveTimeUs + MAX_AHEAD_US) this.#newestUs = timeUs;
    return timeUs;
  }
}
