import type { BookDelta, BookSnapshot, MarketEvent, Quote, Trade } from '../../../events.ts';
import { malformed } from '../format.ts';
import {
  booleanOf,
  decimalOf,
  idOf,
  type JsonObject,
  levelsOf,
  objectOf,
  parseObject,
  symbolOf,
} from '../json-fields.ts';
import type { BinanceEvents } from './binance-events.ts';

/**
 * Reads any message of Binance that is understood: a combined-stream message or a bare one (depth update, trade, book
 * ticker), or a depth snapshot of the REST interface. Fields may come in any order; those not needed are passed over.
 *
 * @throws {MalformedLine} Not such a message, or a field is missing or not what it must be.
 */
export function readBinanceJson(text: string, events: BinanceEvents, receiveTimeUs: number): MarketEvent {
  const json = parseObject(text);
  if ('lastUpdateId' in json) return snapshot(json, events, receiveTimeUs);
  const message = 'data' in json ? objectOf(json['data'], 'data') : json;
  if (message['e'] === 'depthUpdate') return delta(message, events, receiveTimeUs);
  if (message['e'] === 'trade') return trade(message, events, receiveTimeUs);
  // Book tickers of spot carry no type.
  const isBookTicker = message['e'] === 'bookTicker' || (message['e'] === undefined && 'B' in message);
  if (isBookTicker) return quote(message, events, receiveTimeUs);
  throw malformed('message must be a depth update, trade, book ticker or snapshot');
}

/** Transaction time where there is one, else the time at which the message was made. */
const timeOf = (message: JsonObject): number => idOf(message, 'T' in message ? 'T' : 'E');

const timeIfAny = (message: JsonObject): number | undefined =>
  'T' in message || 'E' in message ? timeOf(message) : undefined;

function quote(message: JsonObject, events: BinanceEvents, receiveTimeUs: number): Quote {
  return events.quote(
    symbolOf(message, 's'),
    idOf(message, 'u'),
    decimalOf(message, 'b'),
    decimalOf(message, 'B'),
    decimalOf(message, 'a'),
    decimalOf(message, 'A'),
    timeIfAny(message),
    receiveTimeUs,
  );
}

function trade(message: JsonObject, events: BinanceEvents, receiveTimeUs: number): Trade {
  return events.trade(
    symbolOf(message, 's'),
    idOf(message, 't'),
    decimalOf(message, 'p'),
    decimalOf(message, 'q'),
    booleanOf(message, 'm'),
    timeOf(message),
    receiveTimeUs,
  );
}

function delta(message: JsonObject, events: BinanceEvents, receiveTimeUs: number): BookDelta {
  return events.delta(
    symbolOf(message, 's'),
    idOf(message, 'U'),
    idOf(message, 'u'),
    'pu' in message ? idOf(message, 'pu') : undefined,
    levelsOf(message, 'b'),
    levelsOf(message, 'a'),
    timeOf(message),
    receiveTimeUs,
  );
}

function snapshot(message: JsonObject, events: BinanceEvents, receiveTimeUs: number): BookSnapshot {
  return events.snapshot(
    idOf(message, 'lastUpdateId'),
    levelsOf(message, 'bids'),
    levelsOf(message, 'asks'),
    timeIfAny(message),
    receiveTimeUs,
  );
}
