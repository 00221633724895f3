import fc from 'fast-check';

import type { ClosedBar, FeatureVector } from '../features/feature-vector.ts';
import type { Bar, EventBase, MarketEvent, Quarantined, Side } from '../marketdata/events.ts';
import type { Prediction } from '../prediction/prediction.ts';

/** Any double: NaN, -0, infinities and subnormal numbers too. */
export const anyDouble = fc.double();
/** Any time, sequence, offset or count that a message can carry. */
export const anyInteger = fc.maxSafeInteger();
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const levels = fc
  .array(fc.tuple(anyDouble, anyDouble), { maxLength: 20 })
  .map((pairs) => Float64Array.from(pairs.flat()));

const base: fc.Arbitrary<EventBase> = fc.record({
  source: text,
  symbol: text,
  sequence: anyInteger,
  eventTimeUs: anyInteger,
  receiveTimeUs: anyInteger,
});

const quoteFields = { bidPrice: anyDouble, bidSize: anyDouble, askPrice: anyDouble, askSize: anyDouble };
const barFields = {
  startTimeUs: anyInteger,
  open: anyDouble,
  high: anyDouble,
  low: anyDouble,
  close: anyDouble,
  volume: anyDouble,
};

/** A body for each kind of event; the type holds that none is left out. */
const bodies: {
  readonly [K in MarketEvent['kind']]: fc.Arbitrary<Omit<Extract<MarketEvent, { kind: K }>, keyof EventBase>>;
} = {
  trade: fc.record(
    {
      kind: fc.constant('trade' as const),
      price: anyDouble,
      size: anyDouble,
      side: fc.constantFrom<Side>('buy', 'sell'),
    },
    { requiredKeys: ['kind', 'price', 'size'] },
  ),
  quote: fc.record({ kind: fc.constant('quote' as const), ...quoteFields }),
  bookDelta: fc.record(
    {
      kind: fc.constant('bookDelta' as const),
      firstUpdateId: anyInteger,
      lastUpdateId: anyInteger,
      previousUpdateId: anyInteger,
      bids: levels,
      asks: levels,
    },
    { requiredKeys: ['kind', 'firstUpdateId', 'lastUpdateId', 'bids', 'asks'] },
  ),
  bookSnapshot: fc.record({
    kind: fc.constant('bookSnapshot' as const),
    lastUpdateId: anyInteger,
    bids: levels,
    asks: levels,
  }),
  bar: fc.record(
    { kind: fc.constant('bar' as const), ...barFields, ...quoteFields },
    { requiredKeys: ['kind', 'startTimeUs', 'open', 'high', 'low', 'close', 'volume'] },
  ) as fc.Arbitrary<Omit<Bar, keyof EventBase>>,
  heartbeat: fc.record({ kind: fc.constant('heartbeat' as const) }),
};

/** Any event of any kind, valid as a message and not as a price. */
export const anyMarketEvent: fc.Arbitrary<MarketEvent> = fc
  .tuple(base, fc.oneof(...Object.values(bodies)))
  .map(([fields, body]) => ({ ...fields, ...body }));

const closedBar: fc.Arbitrary<Omit<ClosedBar, 'symbol'>> = fc.record({
  ...barFields,
  ...quoteFields,
  endTimeUs: anyInteger,
  buyVolume: anyDouble,
  sellVolume: anyDouble,
  tradeCount: anyInteger,
  quoteCount: anyInteger,
});

/** Any feature vector, with absent values among its values. */
export const anyFeatureVector: fc.Arbitrary<FeatureVector> = fc
  .record({
    symbol: text,
    featureSet: text,
    timeUs: anyInteger,
    knownTimeUs: anyInteger,
    offset: anyInteger,
    values: fc
      .array(fc.oneof(anyDouble, fc.constant(Number.NaN)), { maxLength: 60 })
      .map((values) => Float64Array.from(values)),
    bar: closedBar,
  })
  .map((vector) => ({ ...vector, bar: { ...vector.bar, symbol: vector.symbol } }));

const predictionBase = {
  model: text,
  version: text,
  modelDigest: text,
  revision: text,
  symbol: text,
  featureTimeUs: anyInteger,
  featureOffset: anyInteger,
  inputsHash: text,
  isFromCache: fc.boolean(),
  latencyUs: anyDouble,
  predictedTimeUs: anyInteger,
};

/** Any prediction or abstention. */
export const anyPrediction: fc.Arbitrary<Prediction> = fc.oneof(
  fc.record({
    ...predictionBase,
    recommendation: fc.constantFrom('buy', 'hold', 'sell'),
    probabilityUp: anyDouble,
    adjustedProbability: anyDouble,
    confidence: anyDouble,
    disagreement: anyDouble,
    riskScore: anyDouble,
    signalStrength: fc.constantFrom('weak', 'strong'),
    members: fc.array(anyDouble, { maxLength: 8 }),
  }),
  fc.record({
    ...predictionBase,
    recommendation: fc.constant('abstain' as const),
    abstainReason: fc.constantFrom(
      'FeaturesMissing',
      'FeaturesStale',
      'FeaturesUnavailable',
      'FeaturesNotReady',
      'FeatureSetMismatch',
      'ModelUnavailable',
      'InSample',
    ),
  }),
);

/** Anything that was set aside. */
export const anyQuarantined: fc.Arbitrary<Quarantined> = fc.record(
  {
    reason: fc.constantFrom('Malformed', 'NotANumber', 'CrossedBook', 'Late', 'SequenceGap'),
    message: text,
    source: text,
    symbol: text,
    origin: text,
    receiveTimeUs: anyInteger,
    sequence: anyInteger,
    eventTimeUs: anyInteger,
    raw: text,
  },
  { requiredKeys: ['reason', 'message', 'source', 'symbol', 'origin', 'receiveTimeUs', 'raw'] },
);
