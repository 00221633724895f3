import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';

import {
  type MarketEvent as MarketEventMessage,
  MarketEventSchema,
  QuarantinedEventSchema,
  Side as SideMessage,
} from '../../proto/gen/tradewind/v1/market_data_pb.ts';
import type {
  EventBase,
  Levels,
  MarketEvent,
  Quarantined,
  QuarantineReason,
  Side,
} from '../marketdata/events.ts';
import { PoisonMessage } from './errors.ts';
import { fromInt64, toInt64 } from './integers.ts';
import { parseMessage } from './parse.ts';

const TYPE = 'tradewind.v1.MarketEvent';
type EventCase = NonNullable<MessageInitShape<typeof MarketEventSchema>['event']>;

/**
 * A market event as the bytes of `tradewind.v1.MarketEvent`.
 *
 * @throws {ValueNotEncodable} A time, sequence or update id is not an integer within 2^53.
 */
export function encodeMarketEvent(event: MarketEvent): Uint8Array {
  return toBinary(
    MarketEventSchema,
    create(MarketEventSchema, {
      source: event.source,
      symbol: event.symbol,
      sequence: toInt64(event.sequence, 'sequence'),
      eventTimeUs: toInt64(event.eventTimeUs, 'event_time_us'),
      receiveTimeUs: toInt64(event.receiveTimeUs, 'receive_time_us'),
      event: bodyOf(event),
    }),
  );
}

function bodyOf(event: MarketEvent): EventCase {
  switch (event.kind) {
    case 'trade':
      return {
        case: 'trade',
        value: { price: event.price, size: event.size, side: sideMessage(event.side) },
      };
    case 'quote': {
      const { bidPrice, bidSize, askPrice, askSize } = event;
      return { case: 'quote', value: { bidPrice, bidSize, askPrice, askSize } };
    }
    case 'bookDelta':
      return {
        case: 'bookDelta',
        value: {
          firstUpdateId: toInt64(event.firstUpdateId, 'first_update_id'),
          lastUpdateId: toInt64(event.lastUpdateId, 'last_update_id'),
          ...(event.previousUpdateId === undefined
            ? {}
            : { previousUpdateId: toInt64(event.previousUpdateId, 'previous_update_id') }),
          bids: [...event.bids],
          asks: [...event.asks],
        },
      };
    case 'bookSnapshot':
      return {
        case: 'bookSnapshot',
        value: {
          lastUpdateId: toInt64(event.lastUpdateId, 'last_update_id'),
          bids: [...event.bids],
          asks: [...event.asks],
        },
      };
    case 'bar': {
      const { open, high, low, close, volume, bidPrice, bidSize, askPrice, askSize } = event;
      return {
        case: 'bar',
        value: {
          startTimeUs: toInt64(event.startTimeUs, 'start_time_us'),
          open,
          high,
          low,
          close,
          volume,
          ...withoutAbsent({ bidPrice, bidSize, askPrice, askSize }),
        },
      };
    }
    case 'heartbeat':
      return { case: 'heartbeat', value: {} };
  }
}

/**
 * The event behind the bytes; fields that this version does not know are passed over.
 *
 * @throws {PoisonMessage} Not such a message, of an unknown kind, with a number out of range, or a price without a size.
 */
export function decodeMarketEvent(bytes: Uint8Array): MarketEvent {
  const message = parseMessage(MarketEventSchema, bytes);
  const base: EventBase = {
    source: message.source,
    symbol: message.symbol,
    sequence: fromInt64(message.sequence, TYPE, 'sequence'),
    eventTimeUs: fromInt64(message.eventTimeUs, TYPE, 'event_time_us'),
    receiveTimeUs: fromInt64(message.receiveTimeUs, TYPE, 'receive_time_us'),
  };
  return withBody(base, message.event);
}

function withBody(base: EventBase, body: MarketEventMessage['event']): MarketEvent {
  const { source, symbol, sequence, eventTimeUs, receiveTimeUs } = base;
  switch (body.case) {
    case 'trade': {
      const { price, size, side } = body.value;
      const known = sideOf(side);
      const trade = {
        kind: 'trade',
        source,
        symbol,
        sequence,
        eventTimeUs,
        receiveTimeUs,
        price,
        size,
      } as const;
      return known === undefined ? trade : { ...trade, side: known };
    }
    case 'quote': {
      const { bidPrice, bidSize, askPrice, askSize } = body.value;
      const kind = 'quote';
      return {
        kind,
        source,
        symbol,
        sequence,
        eventTimeUs,
        receiveTimeUs,
        bidPrice,
        bidSize,
        askPrice,
        askSize,
      };
    }
    case 'bookDelta': {
      const { firstUpdateId, lastUpdateId, previousUpdateId, bids, asks } = body.value;
      return {
        kind: 'bookDelta',
        ...base,
        firstUpdateId: fromInt64(firstUpdateId, TYPE, 'first_update_id'),
        lastUpdateId: fromInt64(lastUpdateId, TYPE, 'last_update_id'),
        ...(previousUpdateId === undefined
          ? {}
          : { previousUpdateId: fromInt64(previousUpdateId, TYPE, 'previous_update_id') }),
        bids: levelsOf(bids, 'bids'),
        asks: levelsOf(asks, 'asks'),
      };
    }
    case 'bookSnapshot':
      return {
        kind: 'bookSnapshot',
        ...base,
        lastUpdateId: fromInt64(body.value.lastUpdateId, TYPE, 'last_update_id'),
        bids: levelsOf(body.value.bids, 'bids'),
        asks: levelsOf(body.value.asks, 'asks'),
      };
    case 'bar': {
      const { open, high, low, close, volume, bidPrice, bidSize, askPrice, askSize } = body.value;
      return {
        kind: 'bar',
        ...base,
        startTimeUs: fromInt64(body.value.startTimeUs, TYPE, 'start_time_us'),
        open,
        high,
        low,
        close,
        volume,
        ...withoutAbsent({ bidPrice, bidSize, askPrice, askSize }),
      };
    }
    case 'heartbeat':
      return { kind: 'heartbeat', ...base };
    default:
      throw new PoisonMessage(TYPE, 'must be of a kind that this version knows');
  }
}

/** Something that was set aside as the bytes of `tradewind.v1.QuarantinedEvent`. @throws {ValueNotEncodable} */
export function encodeQuarantined(item: Quarantined): Uint8Array {
  const { reason, message, source, symbol, origin, raw, sequence, eventTimeUs } = item;
  return toBinary(
    QuarantinedEventSchema,
    create(QuarantinedEventSchema, {
      reason,
      message,
      source,
      symbol,
      origin,
      raw,
      receiveTimeUs: toInt64(item.receiveTimeUs, 'receive_time_us'),
      ...(sequence === undefined ? {} : { sequence: toInt64(sequence, 'sequence') }),
      ...(eventTimeUs === undefined ? {} : { eventTimeUs: toInt64(eventTimeUs, 'event_time_us') }),
    }),
  );
}

/** @throws {PoisonMessage} The bytes are not such a message. */
export function decodeQuarantined(bytes: Uint8Array): Quarantined {
  const type = 'tradewind.v1.QuarantinedEvent';
  const message = parseMessage(QuarantinedEventSchema, bytes);
  const { source, symbol, origin, raw, sequence, eventTimeUs } = message;
  return {
    reason: message.reason as QuarantineReason,
    message: message.message,
    source,
    symbol,
    origin,
    raw,
    receiveTimeUs: fromInt64(message.receiveTimeUs, type, 'receive_time_us'),
    ...(sequence === undefined ? {} : { sequence: fromInt64(sequence, type, 'sequence') }),
    ...(eventTimeUs === undefined ? {} : { eventTimeUs: fromInt64(eventTimeUs, type, 'event_time_us') }),
  };
}

function levelsOf(flat: readonly number[], field: string): Levels {
  if (flat.length % 2 === 0) return Float64Array.from(flat);
  throw new PoisonMessage(TYPE, `${field} must be pairs of price and size, were ${flat.length} numbers`);
}

function sideMessage(side: Side | undefined): SideMessage {
  if (side === undefined) return SideMessage.UNSPECIFIED;
  return side === 'buy' ? SideMessage.BUY : SideMessage.SELL;
}

function sideOf(side: SideMessage): Side | undefined {
  if (side === SideMessage.BUY) return 'buy';
  return side === SideMessage.SELL ? 'sell' : undefined;
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function withoutAbsent<T extends Readonly<Record<string, number | undefined>>>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
