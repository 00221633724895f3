import type { Prediction } from '../prediction/prediction.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent, MarketEventKind, Quarantined } from '../marketdata/events.ts';
import { QuantileSketch } from '../runtime/quantiles.ts';
import type { PipelineObserver } from './observer.ts';
import { abstentionName } from './warm-up.ts';

/** Latency of one stage, milliseconds from the arrival of the event that started it. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What one process did of what was counted since the first start. */
export interface RunShare {
  readonly events: number;
  readonly bars: number;
  readonly predictions: number;
}

/** What a run did, as the summary prints it. Counts run over restarts, since the first start; latencies are of this process alone. */
export interface RunSummary {
  readonly events: Readonly<Record<string, number>>;
  readonly bars: number;
  readonly featureVectors: number;
  readonly predictions: number;
  readonly recommendations: Readonly<Record<string, number>>;
  readonly abstentions: Readonly<Record<string, number>>;
  readonly quarantined: Readonly<Record<string, number>>;
  /** What this process did. */
  readonly thisRun: RunShare;
  readonly latency: Readonly<Record<'tickToFeatures' | 'tickToPrediction', LatencySummary>>;
}

/** Counts that a checkpoint carries over a restart. */
export interface StatisticsState {
  readonly events: Readonly<Record<string, number>>;
  readonly bars: number;
  readonly predictions: number;
  readonly recommendations: Readonly<Record<string, number>>;
  readonly abstentions: Readonly<Record<string, number>>;
  readonly quarantined: Readonly<Record<string, number>>;
}

/** Names of the kinds of events in summaries, as people who trade call them. */
const KIND_LABELS: Readonly<Record<MarketEventKind, string>> = {
  trade: 'trades',
  quote: 'quotes',
  bookDelta: 'depthUpdates',
  bookSnapshot: 'bookSnapshots',
  bar: 'bars',
  heartbeat: 'heartbeats',
};

type Counter = Record<string, number>;

const add = (counter: Counter, key: string): void => {
  counter[key] = (counter[key] ?? 0) + 1;
};

const sum = (counter: Readonly<Counter>): number => Object.values(counter).reduce((a, b) => a + b, 0);

/** By name, so that what came first does not change how a run is told. */
const sorted = (counter: Readonly<Counter>): Counter =>
  Object.fromEntries(Object.entries(counter).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Counts what a run does. */
export class RunStatistics implements PipelineObserver {
  readonly #events: Counter;
  readonly #recommendations: Counter;
  readonly #abstentions: Counter;
  readonly #quarantined: Counter;
  #bars: number;
  #predictions: number;
  readonly #toFeatures = new QuantileSketch();
  readonly #toPrediction = new QuantileSketch();

  readonly #liveFromUs: number;
  readonly #before: RunShare;

  /**
   * @param state - Counts of the runs before, from a checkpoint.
   * @param liveFromUs - Event time from which the stream is live. Latencies count from there: what is caught up on before says nothing of them.
   */
  constructor(state?: StatisticsState, liveFromUs = Number.NEGATIVE_INFINITY) {
    this.#liveFromUs = liveFromUs;
    this.#before = {
      events: sum(state?.events ?? {}),
      bars: state?.bars ?? 0,
      predictions: state?.predictions ?? 0,
    };
    this.#events = { ...state?.events };
    this.#recommendations = { ...state?.recommendations };
    this.#abstentions = { ...state?.abstentions };
    this.#quarantined = { ...state?.quarantined };
    this.#bars = state?.bars ?? 0;
    this.#predictions = state?.predictions ?? 0;
  }

  onEvent(event: MarketEvent): void {
    add(this.#events, KIND_LABELS[event.kind]);
  }

  onQuarantined(quarantined: Quarantined): void {
    add(this.#quarantined, quarantined.reason);
  }

  onVector(vector: FeatureVector, latencyMs: number): void {
    this.#bars += 1;
    if (vector.timeUs >= this.#liveFromUs) this.#toFeatures.add(latencyMs);
  }

  onPrediction(prediction: Prediction, latencyMs: number): void {
    const abstained = abstentionName(prediction, this.#liveFromUs);
    if (abstained !== undefined) {
      add(this.#abstentions, abstained);
      return;
    }
    this.#predictions += 1;
    add(this.#recommendations, prediction.recommendation);
    if (prediction.featureTimeUs >= this.#liveFromUs) this.#toPrediction.add(latencyMs);
  }

  state(): StatisticsState {
    return {
      events: sorted(this.#events),
      bars: this.#bars,
      predictions: this.#predictions,
      recommendations: sorted(this.#recommendations),
      abstentions: sorted(this.#abstentions),
      quarantined: sorted(this.#quarantined),
    };
  }

  summary(): RunSummary {
    return {
      ...this.state(),
      featureVectors: this.#bars,
      thisRun: {
        events: sum(this.#events) - this.#before.events,
        bars: this.#bars - this.#before.bars,
        predictions: this.#predictions - this.#before.predictions,
      },
      latency: {
        tickToFeatures: summarise(this.#toFeatures),
        tickToPrediction: summarise(this.#toPrediction),
      },
    };
  }
}

function summarise(sketch: QuantileSketch): LatencySummary {
  return {
    count: sketch.count,
    p50Ms: sketch.quantile(0.5),
    p99Ms: sketch.quantile(0.99),
    maxMs: sketch.max,
  };
}
