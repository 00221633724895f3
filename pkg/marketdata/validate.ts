import { checkValues, type Fault } from './check-values.ts';
import { DepthChain, type DepthChainState } from './depth-chain.ts';
import type { BookDelta, BookSnapshot, MarketEvent, Quarantined } from './events.ts';
import { LevelShift, type LevelShiftState } from './level-shift.ts';
import { RollingMedian, type RollingMedianState } from './rolling-median.ts';

/** Bounds of what counts as sane. */
export interface ValidatorSettings {
  /** Largest change against the rolling median of a symbol's prices, as a fraction; default 0.1. */
  readonly maxPriceJump?: number;
  /** The same for the closes of bars, which may be days apart; default 0.5. */
  readonly maxBarJump?: number;
  /** Prices in the rolling median; default 31, odd. */
  readonly medianWindow?: number;
  /** So many values in a row, each far from the old level and near the one before it, are a new level; default 5. */
  readonly jumpsToAccept?: number;
  /** An event may be so much older than its receipt, microseconds; default one day. */
  readonly maxDelayUs?: number;
  /** An event may be so much newer than its receipt, where clocks disagree, microseconds; default one minute. */
  readonly maxAheadUs?: number;
  /** Largest distance of an event's time from the newest of its symbol, microseconds; default ten days: no market closes longer. */
  readonly maxTimeStepUs?: number;
  /** The same for bars, which may be months long; default one year. */
  readonly maxBarTimeStepUs?: number;
}

/** What becomes of an event. A notice without rejection is a sequence gap: the event is good, those before it are lost. */
export interface Verdict {
  readonly isAccepted: boolean;
  readonly notice?: Quarantined;
}

interface SymbolState {
  prices: RollingMedian;
  readonly priceShift: LevelShift;
  /** Largest event time accepted; NaN before the first. */
  newestUs: number;
  readonly timeShift: LevelShift;
  /** Chain of depth updates, by venue. */
  readonly chains: Map<string, DepthChain>;
}

/** Everything the validator remembers, as plain data. */
export type ValidatorState = readonly {
  readonly symbol: string;
  readonly prices: RollingMedianState;
  readonly priceShift: LevelShiftState;
  readonly newestUs: number;
  readonly timeShift: LevelShiftState;
  readonly chains: readonly (readonly [string, DepthChainState])[];
}[];

const ACCEPTED: Verdict = { isAccepted: true };
const EARLIEST_US = Date.UTC(1980, 0, 1) * 1000;
const LATEST_US = Date.UTC(2100, 0, 1) * 1000;
const DAY_US = 86_400_000_000;
const DEFAULTS: Required<ValidatorSettings> = {
  maxPriceJump: 0.1,
  maxBarJump: 0.5,
  medianWindow: 31,
  jumpsToAccept: 5,
  maxDelayUs: DAY_US,
  maxAheadUs: 60_000_000,
  maxTimeStepUs: 10 * DAY_US,
  maxBarTimeStepUs: 366 * DAY_US,
};
/** Characters of the raw event that are kept, and levels per side: enough to see what was wrong. */
const MAX_RAW = 1024;
const MAX_RAW_LEVELS = 20;

/**
 * Checks each event on its own and against what its symbol did before. Lateness and duplicates are the feature engine's to
 * see, since it alone knows the watermark.
 */
export class Validator {
  readonly #settings: Required<ValidatorSettings>;
  readonly #symbols = new Map<string, SymbolState>();

  constructor(settings: ValidatorSettings = {}, state: ValidatorState = []) {
    this.#settings = { ...DEFAULTS, ...settings };
    const { jumpsToAccept } = this.#settings;
    for (const { symbol, prices, priceShift, newestUs, timeShift, chains } of state) {
      this.#symbols.set(symbol, {
        prices: RollingMedian.fromState(prices),
        priceShift: new LevelShift(jumpsToAccept, priceShift),
        newestUs,
        timeShift: new LevelShift(jumpsToAccept, timeShift),
        chains: new Map(chains.map(([venue, chain]) => [venue, DepthChain.fromState(chain)])),
      });
    }
  }

  check(event: MarketEvent): Verdict {
    const isolated = this.#checkTimes(event) ?? checkValues(event);
    if (isolated !== undefined) return { isAccepted: false, notice: setAside(event, isolated) };
    const state = this.#symbol(event.symbol);
    const fault = this.#checkClock(event, state) ?? this.#checkJump(event, state);
    if (fault !== undefined) return { isAccepted: false, notice: setAside(event, fault) };
    if (!(event.eventTimeUs <= state.newestUs)) state.newestUs = event.eventTimeUs;
    if (event.kind !== 'bookDelta' && event.kind !== 'bookSnapshot') return ACCEPTED;
    const gap = checkChain(event, state);
    return gap === undefined ? ACCEPTED : { isAccepted: true, notice: setAside(event, gap) };
  }

  toState(): ValidatorState {
    return [...this.#symbols].map(([symbol, { prices, priceShift, newestUs, timeShift, chains }]) => ({
      symbol,
      prices: prices.toState(),
      priceShift: priceShift.toState(),
      newestUs,
      timeShift: timeShift.toState(),
      chains: [...chains].map(([venue, chain]) => [venue, chain.toState()] as const),
    }));
  }

  #symbol(name: string): SymbolState {
    let state = this.#symbols.get(name);
    if (state === undefined) {
      const { medianWindow, jumpsToAccept } = this.#settings;
      state = {
        prices: new RollingMedian(medianWindow),
        priceShift: new LevelShift(jumpsToAccept),
        newestUs: Number.NaN,
        timeShift: new LevelShift(jumpsToAccept),
        chains: new Map(),
      };
      this.#symbols.set(name, state);
    }
    return state;
  }

  #checkTimes({ eventTimeUs, receiveTimeUs }: MarketEvent): Fault | undefined {
    const { maxDelayUs, maxAheadUs } = this.#settings;
    if (!(Number.isSafeInteger(eventTimeUs) && eventTimeUs >= EARLIEST_US && eventTimeUs < LATEST_US)) {
      const message = `event time must be from 1980 to 2099 in microseconds, was ${eventTimeUs}`;
      return { reason: 'TimeOutOfRange', message };
    }
    const delayUs = receiveTimeUs - eventTimeUs;
    if (delayUs <= maxDelayUs && delayUs >= -maxAheadUs) return undefined;
    const message = `event must be received from ${-maxAheadUs / 1e6} to ${maxDelayUs / 1e6} s after its time, was ${delayUs / 1e6} s after`;
    return { reason: 'TimeOutOfRange', message };
  }

  /** One event from the future would move the watermark on and make everything after it late. */
  #checkClock({ kind, eventTimeUs }: MarketEvent, state: SymbolState): Fault | undefined {
    const maxUs = kind === 'bar' ? this.#settings.maxBarTimeStepUs : this.#settings.maxTimeStepUs;
    if (!(Math.abs(eventTimeUs - state.newestUs) > maxUs)) {
      state.timeShift.reset();
      return undefined;
    }
    if (state.timeShift.addOutlier(eventTimeUs, (time) => Math.abs(eventTimeUs - time) <= maxUs)) {
      state.newestUs = eventTimeUs;
      return undefined;
    }
    const message = `event time must be within ${maxUs / DAY_US} days of the symbol's newest ${state.newestUs} us, was ${eventTimeUs} us`;
    return { reason: 'TimeOutOfRange', message };
  }

  #checkJump(event: MarketEvent, state: SymbolState): Fault | undefined {
    const price = priceOf(event);
    if (price === undefined) return undefined;
    const maxJump = event.kind === 'bar' ? this.#settings.maxBarJump : this.#settings.maxPriceJump;
    const { median } = state.prices;
    if (!(Math.abs(price / median - 1) > maxJump)) {
      state.priceShift.reset();
      state.prices.add(price);
      return undefined;
    }
    if (!state.priceShift.addOutlier(price, (before) => Math.abs(price / before - 1) <= maxJump)) {
      const message = `price must be within ${maxJump * 100} % of the median ${median}, was ${price}`;
      return { reason: 'PriceJump', message };
    }
    state.prices = new RollingMedian(this.#settings.medianWindow);
    state.prices.add(price);
    return undefined;
  }
}

/** What is wrong with an event that is before its own receipt by more than clocks differ: `undefined` where nothing is. */
export function timeAheadOf({ eventTimeUs, receiveTimeUs }: MarketEvent): string | undefined {
  const { maxAheadUs } = DEFAULTS;
  if (eventTimeUs - receiveTimeUs <= maxAheadUs && eventTimeUs < LATEST_US) return undefined;
  return `event must be at most ${maxAheadUs / 1e6} s ahead of its receipt and before 2100, was ${(eventTimeUs - receiveTimeUs) / 1e6} s ahead`;
}

/** Price that is compared with the median: of a trade or bar, or the mid of a quote. */
function priceOf(event: MarketEvent): number | undefined {
  if (event.kind === 'trade') return event.price;
  if (event.kind === 'quote') return (event.bidPrice + event.askPrice) / 2;
  return event.kind === 'bar' ? event.close : undefined;
}

function checkChain(event: BookDelta | BookSnapshot, { chains }: SymbolState): Fault | undefined {
  const venue = event.source.slice(0, event.source.lastIndexOf('.'));
  let chain = chains.get(venue);
  if (chain === undefined) {
    chain = new DepthChain();
    chains.set(venue, chain);
  }
  const { lastUpdateId } = chain;
  if (event.kind === 'bookDelta') {
    if (chain.takeDelta(event) !== 'gap') return undefined;
    const message = `depth update must follow ${lastUpdateId}, began at ${event.firstUpdateId}`;
    return { reason: 'SequenceGap', message };
  }
  if (chain.takeSnapshot(event) !== 'unconnected') return undefined;
  const message = `snapshot must reach the update ${chain.fromUpdateId}, reached ${event.lastUpdateId}`;
  return { reason: 'SequenceGap', message };
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
    raw: rawOf(event),
  };
}

/** An event as text, cut to what is kept of it. */
export function rawOf(event: MarketEvent): string {
  return JSON.stringify(event, rawValue).slice(0, MAX_RAW);
}

/** Levels as lists, cut; JSON has no NaN or infinity, and here they are the point. */
function rawValue(_key: string, value: unknown): unknown {
  if (value instanceof Float64Array) return Array.from(value.subarray(0, 2 * MAX_RAW_LEVELS));
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
