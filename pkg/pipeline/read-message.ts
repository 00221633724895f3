import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent } from '../marketdata/events.ts';
import { timeAheadOf } from '../marketdata/validate.ts';
import type { Prediction } from '../prediction/prediction.ts';
import { PoisonMessage } from '../wire/errors.ts';
import { decodeFeatureVector } from '../wire/feature-vector.ts';
import { decodeMarketEvent } from '../wire/market-event.ts';
import { decodePrediction } from '../wire/prediction.ts';
import type { ReadMessage } from './poison.ts';

/**
 * A market event of a record, for every station alike. Beside what the collector refuses already, another program may have written it.
 *
 * @throws {PoisonMessage} It cannot be read, lies under the key of another symbol, or comes from the future and would make all after it late.
 */
export const readMarketEvent: ReadMessage<MarketEvent> = (bytes, { key }) => {
  const event = underItsKey('market event', decodeMarketEvent(bytes), key);
  const ahead = timeAheadOf(event);
  if (ahead !== undefined) throw new PoisonMessage('market event', ahead, undefined, 'TimeOutOfRange');
  return event;
};

/** A feature vector of a record. @throws {PoisonMessage} It cannot be read, or lies under the key of another symbol. */
export const readFeatureVector: ReadMessage<FeatureVector> = (bytes, { key }) =>
  underItsKey('feature vector', decodeFeatureVector(bytes), key);

/** A prediction of a record. @throws {PoisonMessage} It cannot be read, or lies under the key of another symbol. */
export const readPrediction: ReadMessage<Prediction> = (bytes, { key }) =>
  underItsKey('prediction', decodePrediction(bytes), key);

/** Under another key it may be in another partition than the rest of its symbol, so in no order with that. */
function underItsKey<T extends { readonly symbol: string }>(type: string, message: T, key: string): T {
  if (message.symbol === key) return message;
  throw new PoisonMessage(
    type,
    `must lie under the key of its symbol '${message.symbol}', lay under '${key}'`,
  );
}
