import {
  clone,
  create,
  createFileRegistry,
  type DescEnum,
  type DescMessage,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf';
import {
  DescriptorProtoSchema,
  EnumValueDescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';

import { file_tradewind_v1_market_data } from '../../proto/gen/tradewind/v1/market_data_pb.ts';
import type { Quote, Trade } from '../marketdata/events.ts';
import { PoisonMessage } from './errors.ts';
import { decodeMarketEvent, encodeMarketEvent } from './market-event.ts';

const BASE = { source: 'test', symbol: 'ES', sequence: 7, eventTimeUs: 11, receiveTimeUs: 13 };
const QUOTE: Quote = { ...BASE, kind: 'quote', bidPrice: 100, bidSize: 1, askPrice: 101, askSize: 2 };
const TRADE: Trade = { ...BASE, kind: 'trade', price: 100, size: 1, side: 'buy' };

/** The messages as a later version may have them: more fields, one more kind of event, one more side. */
function laterVersion(): { readonly event: DescMessage; readonly side: DescEnum } {
  const file: FileDescriptorProto = clone(FileDescriptorProtoSchema, file_tradewind_v1_market_data.proto);
  const message = (name: string) => file.messageType.find((one) => one.name === name)!;
  const field = (name: string, number: number, more: object = {}) =>
    create(FieldDescriptorProtoSchema, {
      ...{
        name,
        jsonName: name,
        number,
        label: FieldDescriptorProto_Label.OPTIONAL,
        type: FieldDescriptorProto_Type.STRING,
      },
      ...more,
    });
  message('Quote').field.push(
    field('condition', 5),
    field('depth', 6, { type: FieldDescriptorProto_Type.DOUBLE, label: FieldDescriptorProto_Label.REPEATED }),
  );
  message('MarketEvent').field.push(field('venue', 6));
  file.messageType.push(create(DescriptorProtoSchema, { name: 'Auction', field: [field('phase', 1)] }));
  message('MarketEvent').field.push(
    field('auction', 16, {
      ...{ type: FieldDescriptorProto_Type.MESSAGE, typeName: '.tradewind.v1.Auction', oneofIndex: 0 },
    }),
  );
  file.enumType[0]!.value.push(create(EnumValueDescriptorProtoSchema, { name: 'SIDE_CROSS', number: 3 }));
  const registry = createFileRegistry(file, () => undefined);
  return {
    event: registry.getMessage('tradewind.v1.MarketEvent')!,
    side: registry.getEnum('tradewind.v1.Side')!,
  };
}

const later = laterVersion();

/** A message of the later version, as its JSON-like fields. */
const laterEvent = (event: object, fields: object = {}): Uint8Array =>
  toBinary(
    later.event,
    create(later.event, {
      ...{ source: 'test', symbol: 'ES', sequence: 7n, eventTimeUs: 11n, receiveTimeUs: 13n },
      ...fields,
      event,
    }),
  );

describe('messages of two versions side by side', () => {
  it('a reader of today passes over fields that a later writer has added', () => {
    const { kind: _, ...values } = QUOTE;
    const { bidPrice, bidSize, askPrice, askSize } = values;
    const value = { bidPrice, bidSize, askPrice, askSize, condition: 'slow', depth: [1, 2, 3] };
    const bytes = laterEvent({ case: 'quote', value }, { venue: 'XCME' });
    expect(bytes.length).toBeGreaterThan(encodeMarketEvent(QUOTE).length);
    expect(decodeMarketEvent(bytes)).toEqual(QUOTE);
  });

  it('a reader of today takes an unknown side for none', () => {
    const bytes = laterEvent({ case: 'trade', value: { price: 100, size: 1, side: 3 } });
    const { side: _, ...unsaid } = TRADE;
    expect(later.side.values.map(({ number }) => number)).toContain(3);
    expect(decodeMarketEvent(bytes)).toEqual(unsaid);
  });

  it('a reader of today sets an unknown kind of event aside, rather than guess', () => {
    const bytes = laterEvent({ case: 'auction', value: { phase: 'opening' } });
    expect(() => decodeMarketEvent(bytes)).toThrow(PoisonMessage);
  });

  it('a later reader finds new fields absent in what a writer of today wrote', () => {
    const { event, ...fields } = fromBinary(later.event, encodeMarketEvent(QUOTE)) as unknown as {
      readonly event: { readonly case: string; readonly value: object };
      readonly venue: string;
    };
    expect(fields).toMatchObject({ source: 'test', sequence: 7n, venue: '' });
    expect(event.case).toBe('quote');
    expect(event.value).toMatchObject({ bidPrice: 100, askSize: 2, condition: '', depth: [] });
  });
});
