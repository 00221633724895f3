import type { MarketEvent, Quarantined, QuarantineReason } from './events.ts';
import { RollingMedian, type RollingMedianState } from './rolling-median.ts';

/** Bounds of what counts as sane. */
export interface ValidatorSettings {
  /** Largest change against the rolling median of a symbol's prices, as a fraction; default 0.1. */
  readonly maxPriceJump?: number;
  /** The same for the closes of bars, which may be days apart; default 0.5. */
  readonly maxBarJump?: number;
  /** Prices in the rolling median; default 31, odd. */
  readonly medianWindow?: number;
  /** So many jumps in a row are a new price level, not an error; default 5. */
  readonly jumpsToAccept?: number;
  /** Largest distance of event and receive time, microseconds; default one day. */
  readonly maxClockDistanceUs?: number;
}

/** What becomes of an event. A notice without rejection is a sequence gap: the event is good, those before it are lost. */
export interface Verdict {
  readonly isAccepted: boolean;
  readonly notice?: Quarantined;
}

interface SymbolState {
  readonly prices: RollingMedian;
  jumps: number;
  /** Last update id of the depth stream, by source; contiguous where the venue says so. */
  readonly lastUpdateIds: Map<string, number>;
}

/** Everything the validator remembers, as plain data. */
export type ValidatorState = readonly {
  readonly symbol: string;
  readonly prices: RollingMedianState;
  readonly jumps: number;
  readonly lastUpdateIds: readonly (readonly [string, number])[];
}[];

interface Fault {
  readonly reason: QuarantineReason;
  readonly message: string;
}

const ACCEPTED: Verdict = { isAccepted: true };
const EARLIEST_US = Date.UTC(1980, 0, 1) * 1000;
const LATEST_US = Date.UTC(2100, 0, 1) * 1000;

/** Checks each event on its own and against what its symbol did before. Lateness and duplicates are the engine's to see. */
export class Validator {
  readonly #settings: Required<ValidatorSettings>;
  readonly #symbols = new Map<string, SymbolState>();

  constructor(settings: ValidatorSettings = {}, state: ValidatorState = []) {
    this.#settings = {
      maxPriceJump: 0.1,
      maxBarJump: 0.5,
      medianWindow: 31,
      jumpsToAccept: 5,
      maxClockDistanceUs: 86_400_000_000,
      ...settings,
    };
    for (const { symbol, prices, jumps, lastUpdateIds } of state) {
      this.#symbols.set(symbol, {
        prices: RollingMedian.fromState(prices),
        jumps,
        lastUpdateIds: new Map(lastUpdateIds),
      });
    }
  }

  check(event: MarketEvent): Verdict {
    const fault =
      checkTimes(event, this.#settings.maxClockDistanceUs) ?? checkValues(event) ?? this.#checkJump(event);
    if (fault !== undefined) return { isAccepted: false, notice: setAside(event, fault) };
    const gap = event.kind === 'bookDelta' ? this.#checkChain(event) : undefined;
    if (gap !== undefined) return { isAccepted: true, notice: setAside(event, gap) };
    if (event.kind === 'bookSnapshot') this.#symbol(event.symbol).lastUpdateIds.delete(event.source);
    return ACCEPTED;
  }

  toState(): ValidatorState {
    return [...this.#symbols].map(([symbol, { prices, jumps, lastUpdateIds }]) => ({
      symbol,
      prices: prices.toState(),
      jumps,
      lastUpdateIds: [...lastUpdateIds],
    }));
  }

  #symbol(name: string): SymbolState {
    let state = this.#symbols.get(name);
    if (state === undefined) {
      state = { prices: new RollingMedian(this.#settings.medianWindow), jumps: 0, lastUpdateIds: new Map() };
      this.#symbols.set(name, state);
    }
    return state;
  }

  #checkJump(event: MarketEvent): Fault | undefined {
    const price = priceOf(event);
    if (price === undefined) return undefined;
    const state = this.#symbol(event.symbol);
    const { jumpsToAccept, medianWindow } = this.#settings;
    const maxJump = event.kind === 'bar' ? this.#settings.maxBarJump : this.#settings.maxPriceJump;
    const { median } = state.prices;
    if (Math.abs(price / median - 1) > maxJump) {
      state.jumps += 1;
      if (state.jumps < jumpsToAccept) {
        return {
          reason: 'PriceJump',
          message: `price must be within ${maxJump * 100} % of the median ${median}, was ${price}`,
        };
      }
      this.#symbols.set(event.symbol, { ...state, prices: new RollingMedian(medianWindow), jumps: 0 });
      this.#symbol(event.symbol).prices.add(price);
      return undefined;
    }
    state.jumps = 0;
    state.prices.add(price);
    return undefined;
  }

  #checkChain(delta: Extract<MarketEvent, { kind: 'bookDelta' }>): Fault | undefined {
    const { lastUpdateIds } = this.#symbol(delta.symbol);
    const last = lastUpdateIds.get(delta.source);
    if (last === undefined || delta.lastUpdateId > last) lastUpdateIds.set(delta.source, delta.lastUpdateId);
    if (last === undefined || delta.lastUpdateId <= last) return undefined;
    const follows =
      delta.previousUpdateId === undefined ? delta.firstUpdateId <= last + 1 : delta.previousUpdateId <= last;
    return follows
      ? undefined
      : {
          reason: 'SequenceGap',
          message: `depth update must follow ${last}, began at ${delta.firstUpdateId}`,
        };
  }
}

/** Price that is compared with the median: of a trade or bar, or the mid of a quote. */
function priceOf(event: MarketEvent): number | undefined {
  if (event.kind === 'trade') return event.price;
  if (event.kind === 'quote') return (event.bidPrice + event.askPrice) / 2;
  return event.kind === 'bar' ? event.close : undefined;
}

function checkTimes({ eventTimeUs, receiveTimeUs }: MarketEvent, maxDistanceUs: number): Fault | undefined {
  if (!(eventTimeUs >= EARLIEST_US && eventTimeUs < LATEST_US)) {
    return {
      reason: 'TimeOutOfRange',
      message: `event time must be from 1980 to 2099, was ${eventTimeUs} us`,
    };
  }
  if (Math.abs(receiveTimeUs - eventTimeUs) > maxDistanceUs) {
    return {
      reason: 'TimeOutOfRange',
      message: `event and receive time must be within ${maxDistanceUs / 1e6} s, were ${(receiveTimeUs - eventTimeUs) / 1e6} s apart`,
    };
  }
  return undefined;
}

function checkValues(event: MarketEvent): Fault | undefined {
  switch (event.kind) {
    case 'trade':
      return checkPrice('price', event.price) ?? checkSize('size', event.size);
    case 'quote':
      return (
        checkPrice('bid price', event.bidPrice) ??
        checkPrice('ask price', event.askPrice) ??
        checkSize('bid size', event.bidSize) ??
        checkSize('ask size', event.askSize) ??
        checkCrossed(event.bidPrice, event.askPrice)
      );
    case 'bar':
      return checkBar(event);
    case 'bookDelta':
    case 'bookSnapshot':
      return checkLevels(event.bids) ?? checkLevels(event.asks);
    default:
      return undefined;
  }
}

function checkPrice(name: string, price: number): Fault | undefined {
  if (!Number.isFinite(price))
    return { reason: 'NotANumber', message: `${name} must be a finite number, was ${price}` };
  return price > 0
    ? undefined
    : { reason: 'NonPositivePrice', message: `${name} must be above 0, was ${price}` };
}

function checkSize(name: string, size: number): Fault | undefined {
  if (!Number.isFinite(size))
    return { reason: 'NotANumber', message: `${name} must be a finite number, was ${size}` };
  return size >= 0
    ? undefined
    : { reason: 'NegativeSize', message: `${name} must be 0 or more, was ${size}` };
}

function checkCrossed(bid: number, ask: number): Fault | undefined {
  return bid < ask
    ? undefined
    : { reason: 'CrossedBook', message: `bid must be below ask, was ${bid} against ${ask}` };
}

function checkBar(bar: Extract<MarketEvent, { kind: 'bar' }>): Fault | undefined {
  const { open, high, low, close, volume, bidPrice, askPrice } = bar;
  const fault =
    checkPrice('open', open) ??
    checkPrice('high', high) ??
    checkPrice('low', low) ??
    checkPrice('close', close) ??
    checkSize('volume', volume) ??
    (bidPrice === undefined ? undefined : checkPrice('bid', bidPrice)) ??
    (askPrice === undefined ? undefined : checkPrice('ask', askPrice));
  if (fault !== undefined) return fault;
  if (bidPrice !== undefined && askPrice !== undefined && bidPrice > askPrice)
    return checkCrossed(bidPrice, askPrice);
  return low <= Math.min(open, close) && high >= Math.max(open, close)
    ? undefined
    : {
        reason: 'InvalidBar',
        message: `low and high must enclose open and close, were ${low} to ${high} around ${open}, ${close}`,
      };
}

function checkLevels(levels: Float64Array): Fault | undefined {
  for (let i = 0; i < levels.length; i += 2) {
    // One comparison covers the usual case; NaN fails it.
    if (levels[i]! > 0 && levels[i + 1]! >= 0) continue;
    return checkPrice('level price', levels[i]!) ?? checkSize('level size', levels[i + 1]!);
  }
  return undefined;
}

function setAside(event: MarketEvent, { reason, message }: Fault): Quarantined {
  const { source, symbol, sequence, eventTimeUs, receiveTimeUs } = event;
  return {
    reason,
    message,
    source,
    symbol,
    origin: `${source}#${sequence}`,
    receiveTimeUs,
    sequence,
    eventTimeUs,
    raw: JSON.stringify(event).slice(0, 1024),
  };
}
