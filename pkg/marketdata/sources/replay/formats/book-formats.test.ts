import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { RecordingNameInvalid, RecordingUnreadable } from '../../../errors.ts';
import { eventsOf, fileWith, outlineOf, quarantinedOf, replay } from '../files.testing.ts';

describe('LOBSTER', () => {
  const NAME = 'AAPL_2012-06-21_34200000_57600000_message_1.csv';
  const messages = ['34200.000001,1,11,18,1000000,1', '34200.25,4,11,5,1010000,-1', '34201,4,11,5,1000000,1'];
  const book = ['1010000,7,1000000,18', '1010000,2,1000000,18', '9999999999,0,1000000,13'];

  function pair(message: readonly string[], orderBook: readonly string[], name = NAME): string {
    const path = fileWith(name, message.join('\n'));
    writeFileSync(join(dirname(path), name.replace('_message_', '_orderbook_')), orderBook.join('\n'));
    return path;
  }

  it('reads executions, the quote and the book after each message, at New York time', async () => {
    const items = await replay({ path: pair(messages, book) });
    expect(outlineOf(items)).toEqual([
      ...['quote', 'bookSnapshot', 'trade', 'quote', 'bookSnapshot', 'trade'],
      'bookSnapshot',
    ]);
    const events = eventsOf(items);
    expect(events[0]).toMatchObject({
      ...{ symbol: 'AAPL', sequence: 1, eventTimeUs: Date.UTC(2012, 5, 21, 13, 30) * 1000 + 1 },
      ...{ bidPrice: 100, bidSize: 18, askPrice: 101, askSize: 7 },
    });
    // The direction is of the resting order.
    expect(events[2]).toMatchObject({ price: 101, size: 5, side: 'buy' });
    expect(events[5]).toMatchObject({ price: 100, side: 'sell' });
    expect(events[6]).toMatchObject({ bids: Float64Array.of(100, 13), asks: new Float64Array(0) });
  });

  it.each([
    ['a message without its line of the book', messages, book.slice(0, 2), '!Malformed'],
    ['a line of the book cut short', messages, [...book.slice(0, 2), '1,2,3'], '!Malformed'],
    ['a level that is no number', messages, [...book.slice(0, 2), '1,2,3,x'], '!NotANumber'],
    ['a time that is none', [...messages.slice(0, 2), 'x,1,1,1,1,1'], book, '!NotANumber'],
    [
      'an execution without direction',
      [...messages.slice(0, 2), '34201,4,11,5,1000000,0'],
      book,
      '!Malformed',
    ],
    ['null', [...messages.slice(0, 2), 'null'], book, '!NotANumber'],
  ])('sets aside %s', async (_case, message, orderBook, reason) => {
    const items = await replay({ path: pair(message, orderBook) });
    expect(outlineOf(items).slice(5)).toEqual([reason]);
    expect(quarantinedOf(items)[0]!.origin).toBe(`${NAME}:3 + ${NAME.replace('_message_', '_orderbook_')}:3`);
  });

  it('sets lines of the book aside that no message belongs to', async () => {
    const items = await replay({ path: pair(messages.slice(0, 2), [...book, ...book]) });
    expect(outlineOf(items).slice(5)).toEqual(['!Malformed', '!Malformed', '!Malformed', '!Malformed']);
  });

  it('refuses a name without the day, a day that does not exist, and a pair without its book', async () => {
    const other = fileWith('x.csv', messages.join('\n'));
    await expect(replay({ path: other, format: 'lobster' })).rejects.toThrow(RecordingNameInvalid);
    const impossible = pair(messages, book, NAME.replace('06-21', '02-31'));
    await expect(replay({ path: impossible })).rejects.toThrow(RecordingNameInvalid);
    const alone = fileWith(NAME, messages.join('\n'));
    await expect(replay({ path: alone, format: 'lobster' })).rejects.toThrow(RecordingUnreadable);
  });
});

describe('Bybit order book', () => {
  const data = { s: 'X', b: [['1.5', '2']], a: [['1.6', '3']], u: 1, seq: 9 };
  const line = (fields: object = {}, dataFields: object = {}): string =>
    JSON.stringify({
      ...{ topic: 'orderbook.500.X', type: 'snapshot', ts: 1_733_011_200_691 },
      data: { ...data, ...dataFields },
      ...fields,
    });
  const read = (...lines: readonly string[]) => replay({ path: fileWith('x.data', lines.join('\n')) });

  it('reads a snapshot and a delta', async () => {
    const events = eventsOf(await read(line(), line({ type: 'delta' }, { u: 2, a: [] })));
    const common = { symbol: 'X', eventTimeUs: 1_733_011_200_691_000, receiveTimeUs: 1_733_011_200_691_000 };
    expect(events).toEqual([
      {
        ...{ kind: 'bookSnapshot', source: 'bybit.snapshot', ...common, sequence: 1, lastUpdateId: 1 },
        ...{ bids: Float64Array.of(1.5, 2), asks: Float64Array.of(1.6, 3) },
      },
      {
        ...{
          kind: 'bookDelta',
          source: 'bybit.depth',
          ...common,
          sequence: 2,
          firstUpdateId: 2,
          lastUpdateId: 2,
        },
        ...{ bids: Float64Array.of(1.5, 2), asks: new Float64Array(0) },
      },
    ]);
  });

  it.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['text', '"x"'],
    ['half a message', line().slice(0, 90)],
    ['no data', line({ data: null })],
    ['an unknown type', line({ type: 'other' })],
    ['a type that is an object', line({ type: {} })],
    ['no time', line({ ts: undefined })],
    ['a time as text', line({ ts: '1733011200691' })],
    ['a time beyond microseconds', line({ ts: 9e15 })],
    ['no symbol', line({}, { s: undefined })],
    ['no id', line({}, { u: undefined })],
    ['a negative id', line({}, { u: -1 })],
    ['a null level', line({}, { b: [null] })],
    ['half a level', line({}, { b: [['1']] })],
    ['levels as numbers', line({}, { b: [[1, 2]] })],
    ['no levels', line({}, { a: undefined })],
    ['an answer to a subscription', '{"success":true,"op":"subscribe"}'],
  ])('sets aside %s and goes on', async (_case, bad) => {
    expect(outlineOf(await read(line(), bad, line()))).toEqual([
      'bookSnapshot',
      '!Malformed',
      'bookSnapshot',
    ]);
  });
});
