import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent, Quarantined } from '../marketdata/events.ts';
import type { Prediction } from '../prediction/prediction.ts';

/** A row as its JSON goes to the engine: columns of the table by name; what is absent takes the column's default. */
export type Row = Readonly<Record<string, unknown>>;

/** JSON has no NaN: absent numbers are null. */
const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

export function tickRow(event: MarketEvent): Row {
  const { source, symbol, sequence, kind } = event;
  const base = {
    source,
    symbol,
    sequence,
    kind,
    event_time_us: event.eventTimeUs,
    receive_time_us: event.receiveTimeUs,
  };
  switch (event.kind) {
    case 'trade':
      return { ...base, price: event.price, size: event.size, side: event.side ?? '' };
    case 'quote':
      return { ...base, ...quoteColumns(event) };
    case 'bar': {
      const { open, high, low, close, volume } = event;
      const quote = event.bidPrice === undefined ? {} : quoteColumns(event);
      return { ...base, ...quote, start_time_us: event.startTimeUs, open, high, low, close, volume };
    }
    case 'bookDelta':
      return {
        ...base,
        first_update_id: event.firstUpdateId,
        last_update_id: event.lastUpdateId,
        previous_update_id: event.previousUpdateId ?? null,
        bids: [...event.bids],
        asks: [...event.asks],
      };
    case 'bookSnapshot':
      return { ...base, last_update_id: event.lastUpdateId, bids: [...event.bids], asks: [...event.asks] };
    case 'heartbeat':
      return base;
  }
}

interface QuoteFields {
  readonly bidPrice?: number;
  readonly bidSize?: number;
  readonly askPrice?: number;
  readonly askSize?: number;
}

function quoteColumns({ bidPrice, bidSize, askPrice, askSize }: QuoteFields): Row {
  const column = (value: number | undefined): number | null => (value === undefined ? null : orNull(value));
  return {
    bid_price: column(bidPrice),
    bid_size: column(bidSize),
    ask_price: column(askPrice),
    ask_size: column(askSize),
  };
}

/** @param bar - Bar clock that the vector was computed on, e.g. `time:1000`. */
export function barRow({ bar: closed, symbol, knownTimeUs }: FeatureVector, bar: string): Row {
  const { open, high, low, close, volume } = closed;
  return {
    ...{ symbol, bar, open, high, low, close, volume },
    start_time_us: closed.startTimeUs,
    end_time_us: closed.endTimeUs,
    known_time_us: knownTimeUs,
    buy_volume: orNull(closed.buyVolume),
    sell_volume: orNull(closed.sellVolume),
    trade_count: closed.tradeCount,
    quote_count: closed.quoteCount,
    ...quoteColumns(closed),
  };
}

export function featureRow({ featureSet, symbol, timeUs, knownTimeUs, offset, values }: FeatureVector): Row {
  return {
    feature_set: featureSet,
    symbol,
    time_us: timeUs,
    known_time_us: knownTimeUs,
    offset,
    values: Array.from(values, orNull),
  };
}

export function predictionRow(prediction: Prediction): Row {
  const { model, version, symbol, recommendation } = prediction;
  const base = {
    ...{ model, version, symbol, recommendation },
    model_digest: prediction.modelDigest,
    revision: prediction.revision,
    feature_time_us: prediction.featureTimeUs,
    feature_offset: prediction.featureOffset,
    inputs_hash: prediction.inputsHash,
    latency_us: prediction.latencyUs,
    predicted_time_us: prediction.predictedTimeUs,
  };
  if (prediction.recommendation === 'abstain') return { ...base, abstain_reason: prediction.abstainReason };
  return {
    ...base,
    probability_up: prediction.probabilityUp,
    adjusted_probability: prediction.adjustedProbability,
    confidence: prediction.confidence,
    disagreement: prediction.disagreement,
    risk_score: prediction.riskScore,
    members: prediction.members,
  };
}

/** What is set aside may hold any text, also halves of surrogate pairs: no UTF-8 has those, and the engine refuses them. */
export function quarantineRow(item: Quarantined): Row {
  return {
    reason: item.reason,
    message: item.message.toWellFormed(),
    source: item.source.toWellFormed(),
    symbol: item.symbol.toWellFormed(),
    origin: item.origin.toWellFormed(),
    raw: item.raw.toWellFormed(),
    receive_time_us: item.receiveTimeUs,
    sequence: item.sequence ?? null,
    event_time_us: item.eventTimeUs ?? null,
  };
}
