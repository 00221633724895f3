import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent } from '../marketdata/events.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { PredictionPoint, PricePoint, SymbolFrame, VectorFrame } from './messages.ts';
import { Ring } from './ring.ts';

/** Up to where one reader has been told about a symbol. */
export interface SymbolCursor {
  touches: number;
  points: number;
  predictions: number;
  vector: FeatureVector | undefined;
}

/** What a view keeps over a restart: plain data. */
export interface SymbolViewState {
  readonly symbol: string;
  readonly timeUs: number;
  /** Bid, its size, ask, its size, last price; NaN where not known. */
  readonly quote: readonly [number, number, number, number, number];
  readonly vector: FeatureVector | undefined;
  readonly points: readonly PricePoint[];
  readonly predictions: readonly PredictionPoint[];
}

/** Newest state of one symbol. Changed in place: it hears every event. */
export class SymbolView {
  readonly symbol: string;
  readonly #points: Ring<PricePoint>;
  readonly #predictions: Ring<PredictionPoint>;
  #touches = 0;
  #timeUs = 0;
  #bid = Number.NaN;
  #bidSize = Number.NaN;
  #ask = Number.NaN;
  #askSize = Number.NaN;
  #last = Number.NaN;
  #vector: FeatureVector | undefined;

  /** @param capacity - Bars and predictions kept. @param kept - From the run before. */
  constructor(symbol: string, capacity: number, kept?: SymbolViewState) {
    this.symbol = symbol;
    this.#points = new Ring(capacity, kept?.points);
    this.#predictions = new Ring(capacity, kept?.predictions);
    if (kept === undefined) return;
    this.#touches = 1;
    this.#timeUs = kept.timeUs;
    [this.#bid, this.#bidSize, this.#ask, this.#askSize, this.#last] = kept.quote;
    this.#vector = kept.vector;
  }

  state(): SymbolViewState {
    return {
      symbol: this.symbol,
      timeUs: this.#timeUs,
      quote: [this.#bid, this.#bidSize, this.#ask, this.#askSize, this.#last],
      vector: this.#vector,
      points: this.#points.since(0).items,
      predictions: this.#predictions.since(0).items,
    };
  }

  onEvent(event: MarketEvent): void {
    this.#touches += 1;
    if (event.eventTimeUs > this.#timeUs) this.#timeUs = event.eventTimeUs;
    if (event.kind === 'quote') {
      this.#bid = event.bidPrice;
      this.#bidSize = event.bidSize;
      this.#ask = event.askPrice;
      this.#askSize = event.askSize;
    } else if (event.kind === 'trade') {
      this.#last = event.price;
    } else if (event.kind === 'bar') {
      this.#last = event.close;
    }
  }

  onVector(vector: FeatureVector): void {
    const { bar, timeUs } = vector;
    this.#touches += 1;
    this.#vector = vector;
    // A depth stream alone has no quote events: its best prices are known at the close of each bar.
    if (Number.isNaN(this.#bid) || bar.quoteCount === 0) {
      this.#bid = bar.bidPrice;
      this.#bidSize = bar.bidSize;
      this.#ask = bar.askPrice;
      this.#askSize = bar.askSize;
    }
    this.#points.push({
      timeMs: timeUs / 1000,
      close: bar.close,
      bid: orNull(bar.bidPrice),
      ask: orNull(bar.askPrice),
    });
  }

  /** @param reason - Why there is none, as the page is told. */
  onPrediction(prediction: Prediction, reason: string | undefined): void {
    this.#touches += 1;
    this.#predictions.push(toPoint(prediction, reason, this.#timeUs));
  }

  /** What changed since the cursor, which moves on; all that is kept where there is none; `undefined` when nothing did. */
  frame(cursor: SymbolCursor | undefined): { frame: SymbolFrame; cursor: SymbolCursor } | undefined {
    if (cursor?.touches === this.#touches) return undefined;
    const points = this.#points.since(cursor?.points ?? 0);
    const predictions = this.#predictions.since(cursor?.predictions ?? 0);
    const vector = this.#vector === cursor?.vector ? undefined : this.#vector;
    return {
      frame: {
        symbol: this.symbol,
        timeMs: this.#timeUs / 1000,
        bid: orNull(this.#bid),
        bidSize: orNull(this.#bidSize),
        ask: orNull(this.#ask),
        askSize: orNull(this.#askSize),
        last: orNull(this.#last),
        firstPoint: points.first,
        points: points.items,
        firstPrediction: predictions.first,
        predictions: predictions.items,
        ...(vector === undefined ? {} : { vector: toVectorFrame(vector) }),
      },
      cursor: {
        touches: this.#touches,
        points: this.#points.total,
        predictions: this.#predictions.total,
        vector: this.#vector,
      },
    };
  }
}

/** JSON has no NaN. */
const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

const toVectorFrame = ({ timeUs, featureSet, values }: FeatureVector): VectorFrame => ({
  timeMs: timeUs / 1000,
  featureSet,
  values: Array.from(values, orNull),
});

function toPoint(prediction: Prediction, reason: string | undefined, nowUs: number): PredictionPoint {
  const timeMs = (prediction.featureTimeUs === 0 ? nowUs : prediction.featureTimeUs) / 1000;
  if (prediction.recommendation === 'abstain') {
    const { recommendation, abstainReason } = prediction;
    return {
      ...{ timeMs, recommendation, reason: reason ?? abstainReason },
      ...{ probabilityUp: null, members: [], disagreement: null, riskScore: null },
    };
  }
  const { recommendation, probabilityUp, members, disagreement, riskScore } = prediction;
  return {
    ...{ timeMs, recommendation, reason: null },
    probabilityUp: short(probabilityUp),
    members: members.map(short),
    disagreement: short(disagreement),
    riskScore: short(riskScore),
  };
}

/** A probability to the four decimals that anyone can see. */
const short = (value: number): number => Math.round(value * 1e4) / 1e4;
