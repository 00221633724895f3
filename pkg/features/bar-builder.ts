import type { Bar, Quote, Side, Trade } from '../marketdata/events.ts';
import type { BarClock, ClosedBar } from './feature-vector.ts';

/** Quiet intervals in a row that are given as flat bars; then bars pause until something happens, and the clock starts anew there. */
export const MAX_EMPTY_BARS = 60;

/** What a bar has gathered, and the market as last seen: plain data, changed in place. */
export interface BarState {
  /** Start of the open bar; NaN before the first event. */
  startTimeUs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  buyVolume: number;
  sellVolume: number;
  tradeCount: number;
  quoteCount: number;
  bidPrice: number;
  bidSize: number;
  askPrice: number;
  askSize: number;
  /** Bars in a row in which nothing happened. */
  emptyBars: number;
  lastTradePrice: number;
  lastSide: Side | undefined;
}

export function createBarState(): BarState {
  const none = Number.NaN;
  return {
    startTimeUs: none,
    ...{ open: none, high: none, low: none, close: none, volume: 0, buyVolume: 0, sellVolume: 0 },
    ...{ tradeCount: 0, quoteCount: 0, bidPrice: none, bidSize: none, askPrice: none, askSize: none },
    emptyBars: 0,
    lastTradePrice: none,
    lastSide: undefined,
  };
}

/** Side of a trade: as the venue says, else by the tick rule (up is a buy, down a sell, unchanged as the one before). */
export function sideOf(state: BarState, trade: Trade): Side | undefined {
  if (trade.side !== undefined) return trade.side;
  if (trade.price > state.lastTradePrice) return 'buy';
  return trade.price < state.lastTradePrice ? 'sell' : state.lastSide;
}

export function addTrade(state: BarState, trade: Trade, side: Side | undefined): void {
  const { price, size } = trade;
  if (state.tradeCount === 0) {
    state.open = price;
    state.high = price;
    state.low = price;
  } else {
    if (price > state.high) state.high = price;
    if (price < state.low) state.low = price;
  }
  state.close = price;
  state.volume += size;
  if (side === 'buy') state.buyVolume += size;
  else if (side === 'sell') state.sellVolume += size;
  state.tradeCount += 1;
  state.lastTradePrice = price;
  state.lastSide = side;
}

export function addQuote(
  state: BarState,
  quote: Pick<Quote, 'bidPrice' | 'bidSize' | 'askPrice' | 'askSize'>,
): void {
  state.bidPrice = quote.bidPrice;
  state.bidSize = quote.bidSize;
  state.askPrice = quote.askPrice;
  state.askSize = quote.askSize;
  state.quoteCount += 1;
}

/** A price is known, so that bars can be given. */
export function hasPrice(state: BarState): boolean {
  return !Number.isNaN(state.close) || !Number.isNaN(state.bidPrice);
}

/** Closes the open bar at `endTimeUs` and opens the next one there. Without trades it is flat at the last mid, or else the last close. */
export function closeBar(state: BarState, symbol: string, endTimeUs: number): ClosedBar {
  if (state.tradeCount === 0) {
    const mid = (state.bidPrice + state.askPrice) / 2;
    const flat = Number.isNaN(mid) ? state.close : mid;
    state.open = flat;
    state.high = flat;
    state.low = flat;
    state.close = flat;
  }
  state.emptyBars = state.tradeCount + state.quoteCount === 0 ? state.emptyBars + 1 : 0;
  const { startTimeUs, open, high, low, close, volume, buyVolume, sellVolume, tradeCount, quoteCount } =
    state;
  const { bidPrice, bidSize, askPrice, askSize } = state;
  state.startTimeUs = endTimeUs;
  state.volume = 0;
  state.buyVolume = 0;
  state.sellVolume = 0;
  state.tradeCount = 0;
  state.quoteCount = 0;
  return {
    symbol,
    startTimeUs,
    endTimeUs,
    open,
    high,
    low,
    close,
    volume,
    buyVolume,
    sellVolume,
    tradeCount,
    quoteCount,
    bidPrice,
    bidSize,
    askPrice,
    askSize,
  };
}

/** A bar of a source that publishes bars, in the engine's form: who bought and sold is not known. */
export function fromPublishedBar(bar: Bar): ClosedBar {
  const none = Number.NaN;
  // Spelled out: objects put together by spreading cost more than all features.
  return {
    symbol: bar.symbol,
    startTimeUs: bar.startTimeUs,
    endTimeUs: bar.eventTimeUs,
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volume: bar.volume,
    buyVolume: none,
    sellVolume: none,
    tradeCount: 0,
    quoteCount: bar.bidPrice === undefined ? 0 : 1,
    bidPrice: bar.bidPrice ?? none,
    bidSize: bar.bidSize ?? none,
    askPrice: bar.askPrice ?? none,
    askSize: bar.askSize ?? none,
  };
}

/** Whether a count or volume bar is full. */
export function isFull(state: BarState, clock: BarClock): boolean {
  if (clock.by === 'trades') return state.tradeCount >= clock.count;
  return clock.by === 'volume' && state.volume >= clock.volume;
}
