import { OrderBook, type OrderBookState } from '../marketdata/order-book.ts';
import type { Bar, MarketEvent, Quote, Trade } from '../marketdata/events.ts';
import {
  addQuote,
  addTrade,
  type BarState,
  closeBar,
  createBarState,
  fromPublishedBar,
  hasPrice,
  isFull,
  MAX_EMPTY_BARS,
  sideOf,
} from './bar-builder.ts';
import { type CoreState, createCoreState, stepCore } from './core-v1.ts';
import { NOTHING, type ResolvedSettings, type StepOutputs } from './step-outputs.ts';
import type { ClosedBar, FeatureVector } from './feature-vector.ts';
import { addBestQuote, addMicroTrade, createMicroState, type MicroState, stepMicro } from './micro-v1.ts';
import { ReorderBuffer } from './reorder-buffer.ts';

/** State of one symbol as plain data. */
export interface SymbolSnapshot {
  readonly symbol: string;
  readonly bar: BarState;
  readonly core: CoreState;
  readonly micro: MicroState;
  readonly book: OrderBookState;
  readonly waiting: readonly MarketEvent[];
  readonly clock: ClockState;
}

interface ClockState {
  /** Largest event time seen. */
  newestUs: number;
  /** Events before this have been applied; what comes with an earlier time is late. */
  watermarkUs: number;
  /** Largest receive time seen. */
  knownUs: number;
  /** Offset of the event that is being taken in. */
  offset: number;
  /** End of the last bar of a source that publishes bars. */
  lastBarEndUs: number;
  /** Quotes come by themselves: the best of the book is not needed. */
  hasQuotes: boolean;
}

/** The engine of one symbol: reorder, build bars, compute features. */
export class SymbolEngine {
  readonly #symbol: string;
  readonly #settings: ResolvedSettings;
  readonly #hasCore: boolean;
  readonly #hasMicro: boolean;
  #bar = createBarState();
  #core: CoreState;
  #micro = createMicroState();
  #book = new OrderBook();
  #waiting = new ReorderBuffer();
  #clock: ClockState = {
    ...{ newestUs: Number.NEGATIVE_INFINITY, watermarkUs: Number.NEGATIVE_INFINITY, knownUs: 0, offset: 0 },
    ...{ lastBarEndUs: Number.NEGATIVE_INFINITY, hasQuotes: false },
  };
  #vectors: FeatureVector[] = [];

  constructor(symbol: string, settings: ResolvedSettings) {
    this.#symbol = symbol;
    this.#settings = settings;
    this.#hasCore = settings.sets.includes('core-v1');
    this.#hasMicro = settings.sets.includes('micro-v1');
    this.#core = createCoreState(settings.lookbacks);
  }

  step(event: MarketEvent, offset: number): StepOutputs {
    const clock = this.#clock;
    clock.offset = offset;
    if (event.receiveTimeUs > clock.knownUs) clock.knownUs = event.receiveTimeUs;
    if (event.kind === 'bar') return this.#stepPublishedBar(event);
    if (event.eventTimeUs < clock.watermarkUs) return { vectors: [], rejected: [{ event, reason: 'Late' }] };
    if (event.kind !== 'heartbeat' && !this.#waiting.insert(event)) {
      return { vectors: [], rejected: [{ event, reason: 'Duplicate' }] };
    }
    if (event.eventTimeUs > clock.newestUs) {
      clock.newestUs = event.eventTimeUs;
      this.#release(event.eventTimeUs - this.#settings.allowedLatenessUs);
    }
    return this.#takeVectors();
  }

  /** Nothing late can come any more: everything waiting is applied, and bars that have ended are closed. */
  flush(): readonly FeatureVector[] {
    // One microsecond on, so that events at the newest time are applied too.
    this.#release(this.#clock.newestUs + 1);
    return this.#takeVectors().vectors;
  }

  snapshot(): SymbolSnapshot {
    return {
      symbol: this.#symbol,
      bar: this.#bar,
      core: this.#core,
      micro: this.#micro,
      book: this.#book.toState(),
      waiting: this.#waiting.toState(),
      clock: this.#clock,
    };
  }

  static fromSnapshot(snapshot: SymbolSnapshot, settings: ResolvedSettings): SymbolEngine {
    const engine = new SymbolEngine(snapshot.symbol, settings);
    engine.#bar = snapshot.bar;
    engine.#core = snapshot.core;
    engine.#micro = snapshot.micro;
    engine.#book = OrderBook.fromState(snapshot.book);
    engine.#waiting = ReorderBuffer.fromState(snapshot.waiting);
    engine.#clock = snapshot.clock;
    return engine;
  }

  #takeVectors(): StepOutputs {
    if (this.#vectors.length === 0) return NOTHING;
    const vectors = this.#vectors;
    this.#vectors = [];
    return { vectors, rejected: [] };
  }

  #release(watermarkUs: number): void {
    if (watermarkUs <= this.#clock.watermarkUs) return;
    this.#clock.watermarkUs = watermarkUs;
    for (
      let event = this.#waiting.takeBefore(watermarkUs);
      event !== undefined;
      event = this.#waiting.takeBefore(watermarkUs)
    ) {
      this.#closeBarsUntil(event.eventTimeUs);
      this.#apply(event);
    }
    this.#closeBarsUntil(watermarkUs);
  }

  #apply(event: MarketEvent): void {
    switch (event.kind) {
      case 'trade':
        this.#applyTrade(event);
        break;
      case 'quote':
        this.#clock.hasQuotes = true;
        this.#applyQuote(event);
        break;
      case 'bookDelta':
        this.#book.applyDelta(event);
        this.#applyBookBest(event.eventTimeUs);
        break;
      case 'bookSnapshot':
        this.#book.applySnapshot(event);
        this.#applyBookBest(event.eventTimeUs);
        break;
      default:
        break;
    }
  }

  #applyTrade(trade: Trade): void {
    const side = sideOf(this.#bar, trade);
    if (this.#hasMicro) addMicroTrade(this.#micro, trade.price, trade.size, side);
    if (Number.isNaN(this.#bar.startTimeUs)) this.#bar.startTimeUs = this.#barStart(trade.eventTimeUs);
    addTrade(this.#bar, trade, side);
    if (isFull(this.#bar, this.#settings.bar))
      this.#emit(closeBar(this.#bar, this.#symbol, trade.eventTimeUs));
  }

  #applyQuote(quote: Pick<Quote, 'eventTimeUs' | 'bidPrice' | 'bidSize' | 'askPrice' | 'askSize'>): void {
    if (Number.isNaN(this.#bar.startTimeUs)) this.#bar.startTimeUs = this.#barStart(quote.eventTimeUs);
    addQuote(this.#bar, quote);
    if (this.#hasMicro)
      addBestQuote(this.#micro, quote.bidPrice, quote.bidSize, quote.askPrice, quote.askSize);
  }

  /** Where no quotes come, the best of the book stands for them. */
  #applyBookBest(eventTimeUs: number): void {
    if (this.#clock.hasQuotes || !this.#book.isSynchronised) return;
    const bid = this.#book.bestBid();
    const ask = this.#book.bestAsk();
    if (bid === undefined || ask === undefined || bid.price >= ask.price) return;
    this.#applyQuote({
      eventTimeUs,
      bidPrice: bid.price,
      bidSize: bid.size,
      askPrice: ask.price,
      askSize: ask.size,
    });
  }

  #barStart(timeUs: number): number {
    const { bar } = this.#settings;
    if (bar.by !== 'time') return timeUs;
    const intervalUs = bar.intervalMs * 1000;
    return Math.floor(timeUs / intervalUs) * intervalUs;
  }

  #closeBarsUntil(timeUs: number): void {
    const { bar: clock } = this.#settings;
    const bar = this.#bar;
    if (clock.by !== 'time' || Number.isNaN(bar.startTimeUs) || !hasPrice(bar)) return;
    const intervalUs = clock.intervalMs * 1000;
    while (timeUs >= bar.startTimeUs + intervalUs) {
      this.#emit(closeBar(bar, this.#symbol, bar.startTimeUs + intervalUs));
      // NaN ends the loop: the next event says where the clock starts anew.
      if (bar.emptyBars === MAX_EMPTY_BARS) bar.startTimeUs = Number.NaN;
    }
  }

  #stepPublishedBar(event: Bar): StepOutputs {
    const clock = this.#clock;
    if (event.eventTimeUs <= clock.lastBarEndUs) {
      const reason = event.eventTimeUs === clock.lastBarEndUs ? 'Duplicate' : 'Late';
      return { vectors: [], rejected: [{ event, reason }] };
    }
    clock.lastBarEndUs = event.eventTimeUs;
    const bar = fromPublishedBar(event);
    if (this.#hasMicro) addBestQuote(this.#micro, bar.bidPrice, bar.bidSize, bar.askPrice, bar.askSize);
    this.#emit(bar);
    return this.#takeVectors();
  }

  #emit(bar: ClosedBar): void {
    const { featureCount, featureSet, lookbacks } = this.#settings;
    const values = new Float64Array(featureCount);
    const written = this.#hasCore ? stepCore(this.#core, lookbacks, bar, values) : 0;
    if (this.#hasMicro) stepMicro(this.#micro, bar, this.#book, values, written);
    const { knownUs, offset } = this.#clock;
    this.#vectors.push({
      symbol: this.#symbol,
      featureSet,
      timeUs: bar.endTimeUs,
      knownTimeUs: knownUs,
      offset,
      values,
      bar,
    });
  }
}
