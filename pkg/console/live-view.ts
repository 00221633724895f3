import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent, Quarantined } from '../marketdata/events.ts';
import type { PipelineObserver } from '../pipeline/observer.ts';
import { abstentionName } from '../pipeline/warm-up.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { Clock } from '../runtime/clock.ts';
import { LatencyWindow } from './latency-window.ts';
import type { Frame, ModelStatus, ScoreFrame } from './messages.ts';
import { RateMeter } from './rate-meter.ts';
import { type SymbolCursor, SymbolView, type SymbolViewState } from './symbol-view.ts';

/** Objectives of the platform, milliseconds from the arrival of an event. */
const FEATURE_OBJECTIVE_MS = 100;
const PREDICTION_OBJECTIVE_MS = 50;

export interface LiveViewOptions {
  readonly clock: Clock;
  /** Digests of the models that serve. */
  readonly models: () => readonly string[];
  readonly modelStatus: () => ModelStatus;
  /** How predictions did; default nobody keeps count. */
  readonly scores?: () => readonly ScoreFrame[];
  /**
   * What is from before this time (UTC microseconds) is history, read at full speed: it tells nothing about latency, since it
   * waits in queues, and that no model was there for it is how a first start goes, not a fault. Default 0.
   */
  readonly liveFromUs?: number;
  /** Bars and predictions kept of each symbol; default 300. */
  readonly points?: number;
  /** Symbols kept, the first seen; default 64. */
  readonly maxSymbols?: number;
}

/** Up to where a reader has been told; a new one has been told nothing. */
export type Cursor = Map<string, SymbolCursor>;

/** What the charts show, for the run after this one; counts are of one run. */
export interface LiveViewState {
  readonly marketTimeUs: number;
  readonly symbols: readonly SymbolViewState[];
}

/**
 * What the console shows, in bounded memory. Each event costs a look-up and a few assignments; everything that is
 * work (rates, quantiles, copies) waits until a frame is asked for.
 */
export class LiveView implements PipelineObserver {
  readonly #options: Required<LiveViewOptions>;
  readonly #symbols = new Map<string, SymbolView>();
  readonly #hidden = new Set<string>();
  readonly #events: Record<string, number> = {};
  readonly #quarantined: Record<string, number> = {};
  readonly #recommendations: Record<string, number> = {};
  readonly #abstentions: Record<string, number> = {};
  readonly #rates: RateMeter;
  readonly #featureLatency: LatencyWindow;
  readonly #predictionLatency: LatencyWindow;
  #marketTimeUs = 0;
  #eventCount = 0;
  #seenEventCount = 0;
  #lastActivityMs: number;

  /** @param kept - From the run before. */
  constructor(options: LiveViewOptions, kept?: LiveViewState) {
    this.#options = { scores: () => [], liveFromUs: 0, points: 300, maxSymbols: 64, ...options };
    const { clock } = options;
    this.#rates = new RateMeter(clock);
    this.#featureLatency = new LatencyWindow(clock, FEATURE_OBJECTIVE_MS);
    this.#predictionLatency = new LatencyWindow(clock, PREDICTION_OBJECTIVE_MS);
    this.#lastActivityMs = clock.monotonicMs();
    if (kept === undefined) return;
    this.#marketTimeUs = kept.marketTimeUs;
    for (const symbol of kept.symbols)
      this.#symbols.set(symbol.symbol, new SymbolView(symbol.symbol, this.#options.points, symbol));
  }

  state(): LiveViewState {
    return {
      marketTimeUs: this.#marketTimeUs,
      symbols: [...this.#symbols.values()].map((view) => view.state()),
    };
  }

  onEvent(event: MarketEvent): void {
    this.#eventCount += 1;
    if (event.eventTimeUs > this.#marketTimeUs) this.#marketTimeUs = event.eventTimeUs;
    add(this.#events, event.kind);
    this.#view(event.symbol)?.onEvent(event);
  }

  onQuarantined({ reason }: Quarantined): void {
    add(this.#quarantined, reason);
  }

  onVector(vector: FeatureVector, latencyMs: number): void {
    if (vector.timeUs >= this.#options.liveFromUs) this.#featureLatency.add(latencyMs);
    this.#view(vector.symbol)?.onVector(vector);
  }

  onPrediction(prediction: Prediction, latencyMs: number): void {
    const isLive = prediction.featureTimeUs >= this.#options.liveFromUs;
    const abstained = abstentionName(prediction, this.#options.liveFromUs);
    if (abstained === undefined) {
      // An abstention takes no inference: its time would flatter the histogram.
      if (isLive) this.#predictionLatency.add(latencyMs);
      add(this.#recommendations, prediction.recommendation);
    } else {
      add(this.#abstentions, abstained);
    }
    this.#view(prediction.symbol)?.onPrediction(prediction, abstained);
  }

  /** Takes note of the time; to be called a few times a second, whether or not anyone looks. */
  tick(): void {
    this.#rates.observe(this.#events);
    if (this.#eventCount === this.#seenEventCount) return;
    this.#seenEventCount = this.#eventCount;
    this.#lastActivityMs = this.#options.clock.monotonicMs();
  }

  /** What changed since `cursor`, which is moved on; with an empty one, everything that is kept. */
  frame(cursor: Cursor): Frame {
    const symbols = [];
    for (const [symbol, view] of this.#symbols) {
      const news = view.frame(cursor.get(symbol));
      if (news === undefined) continue;
      cursor.set(symbol, news.cursor);
      symbols.push(news.frame);
    }
    const { clock, models, modelStatus, scores } = this.#options;
    return {
      timeMs: clock.nowUs() / 1000,
      marketTimeMs: this.#marketTimeUs === 0 ? null : this.#marketTimeUs / 1000,
      quietMs: clock.monotonicMs() - this.#lastActivityMs,
      symbols,
      hiddenSymbols: this.#hidden.size,
      events: { ...this.#events },
      eventsPerSecond: this.#rates.perSecond(),
      rateHistory: this.#rates.history(),
      quarantined: { ...this.#quarantined },
      recommendations: { ...this.#recommendations },
      abstentions: { ...this.#abstentions },
      latency: {
        features: this.#featureLatency.frame(),
        prediction: this.#predictionLatency.frame(),
      },
      scores: scores(),
      models: models(),
      modelStatus: modelStatus(),
    };
  }

  #view(symbol: string): SymbolView | undefined {
    const known = this.#symbols.get(symbol);
    if (known !== undefined) return known;
    const { maxSymbols, points } = this.#options;
    if (this.#symbols.size >= maxSymbols) {
      // Bounded as well: a stream of ever new names must not fill the memory.
      if (this.#hidden.size < HIDDEN_LIMIT) this.#hidden.add(symbol);
      return undefined;
    }
    const view = new SymbolView(symbol, points);
    this.#symbols.set(symbol, view);
    return view;
  }
}

/** Names counted beyond the symbols that are kept. */
const HIDDEN_LIMIT = 10_000;

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
