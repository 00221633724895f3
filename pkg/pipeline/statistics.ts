import { abstainReasonOf, type Prediction } from '../prediction/prediction.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent, MarketEventKind, Quarantined } from '../marketdata/events.ts';
import { QuantileSketch } from '../runtime/quantiles.ts';
import type { PipelineObserver } from './observer.ts';

/** Latency of one stage, milliseconds from the arrival of the event that started it. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What a run did, as the summary prints it. Counts run over restarts; latencies are of this process alone. */
export interface RunSummary {
  readonly events: Readonly<Record<string, number>>;
  readonly bars: number;
  readonly featureVectors: number;
  readonly predictions: number;
  readonly recommendations: Readonly<Record<string, number>>;
  readonly abstentions: Readonly<Record<string, number>>;
  readonly quarantined: Readonly<Record<string, number>>;
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

  readonly #latencyFromUs: number;

  /**
   * @param state - Counts of the runs before, from a checkpoint.
   * @param latencyFromUs - Event time from which latencies count: what is caught up on before says nothing of a live stream.
   */
  constructor(state?: StatisticsState, latencyFromUs = Number.NEGATIVE_INFINITY) {
    this.#latencyFromUs = latencyFromUs;
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
    if (vector.timeUs >= this.#latencyFromUs) this.#toFeatures.add(latencyMs);
  }

  onPrediction(prediction: Prediction, latencyMs: number): void {
    const reason = abstainReasonOf(prediction);
    if (reason !== undefined) {
      add(this.#abstentions, reason);
      return;
    }
    this.#predictions += 1;
    add(this.#recommendations, prediction.recommendation);
    if (prediction.featureTimeUs >= this.#latencyFromUs) this.#toPrediction.add(latencyMs);
  }

  state(): StatisticsState {
    return {
      events: { ...this.#events },
      bars: this.#bars,
      predictions: this.#predictions,
      recommendations: { ...this.#recommendations },
      abstentions: { ...this.#abstentions },
      quarantined: { ...this.#quarantined },
    };
  }

  summary(): RunSummary {
    return {
      ...this.state(),
      featureVectors: this.#bars,
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
