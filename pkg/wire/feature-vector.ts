import { create, toBinary } from '@bufbuild/protobuf';

import { FeatureVectorSchema } from '../../proto/gen/tradewind/v1/features_pb.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import { PoisonMessage } from './errors.ts';
import { fromInt64, toInt64 } from './integers.ts';
import { parseMessage } from './parse.ts';

const TYPE = 'tradewind.v1.FeatureVector';

/**
 * A feature vector as the bytes of `tradewind.v1.FeatureVector`. The bar's symbol is the vector's and not sent twice.
 *
 * @throws {ValueNotEncodable} A time, offset or count is not an integer within 2^53.
 */
export function encodeFeatureVector(vector: FeatureVector): Uint8Array {
  const { bar } = vector;
  return toBinary(
    FeatureVectorSchema,
    create(FeatureVectorSchema, {
      symbol: vector.symbol,
      featureSet: vector.featureSet,
      timeUs: toInt64(vector.timeUs, 'time_us'),
      knownTimeUs: toInt64(vector.knownTimeUs, 'known_time_us'),
      offset: toInt64(vector.offset, 'offset'),
      values: [...vector.values],
      bar: {
        ...bar,
        startTimeUs: toInt64(bar.startTimeUs, 'bar.start_time_us'),
        endTimeUs: toInt64(bar.endTimeUs, 'bar.end_time_us'),
        tradeCount: toInt64(bar.tradeCount, 'bar.trade_count'),
        quoteCount: toInt64(bar.quoteCount, 'bar.quote_count'),
      },
    }),
  );
}

/** The vector behind the bytes. @throws {PoisonMessage} Not such a message, without a bar, or with a number out of range. */
export function decodeFeatureVector(bytes: Uint8Array): FeatureVector {
  const message = parseMessage(FeatureVectorSchema, bytes);
  const { bar } = message;
  if (bar === undefined) throw new PoisonMessage(TYPE, 'must have a bar, had none');
  const { open, high, low, close, volume, buyVolume, sellVolume, bidPrice, bidSize, askPrice, askSize } = bar;
  return {
    symbol: message.symbol,
    featureSet: message.featureSet,
    timeUs: fromInt64(message.timeUs, TYPE, 'time_us'),
    knownTimeUs: fromInt64(message.knownTimeUs, TYPE, 'known_time_us'),
    offset: fromInt64(message.offset, TYPE, 'offset'),
    values: Float64Array.from(message.values),
    bar: {
      symbol: message.symbol,
      startTimeUs: fromInt64(bar.startTimeUs, TYPE, 'bar.start_time_us'),
      endTimeUs: fromInt64(bar.endTimeUs, TYPE, 'bar.end_time_us'),
      open,
      high,
      low,
      close,
      volume,
      buyVolume,
      sellVolume,
      tradeCount: fromInt64(bar.tradeCount, TYPE, 'bar.trade_count'),
      quoteCount: fromInt64(bar.quoteCount, TYPE, 'bar.quote_count'),
      bidPrice,
      bidSize,
      askPrice,
      askSize,
    },
  };
}
