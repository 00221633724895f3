import { existsSync } from 'node:fs';
import { basename } from 'node:path';

import type { MarketEvent, Side } from '../../../events.ts';
import { splitCsv } from '../columns.ts';
import { RecordingNameInvalid } from '../../../errors.ts';
import { finite, type LineFormat, type LineParser, malformed, type ParserOptions } from '../format.ts';
import { createTimeParser } from '../time.ts';

const FILE_NAME = /^([A-Z0-9.-]+)_(\d{4}-\d\d-\d\d)_\d+_\d+_message_\d+\.csv(?:\.gz)?$/;
const NAME_PATTERN = 'SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv';
/** Prices are dollars times this. */
const PRICE_SCALE = 10_000;
/** Prices that stand for an empty level. */
const EMPTY_LEVEL = 9_999_999_999;

/** Path of the order book file that belongs to a message file. */
export const bookFileOf = (path: string): string => path.replace('_message_', '_orderbook_');

/**
 * LOBSTER: a message file and, line by line, the book after each message. Given the message file, the book file is found beside
 * it; the two lines are joined by a `|`. Types 4 and 5 are executions, with the direction of the resting order. Times are seconds after
 * midnight in New York on the day in the file's name.
 */
export const lobster: LineFormat = {
  name: 'lobster',
  description: 'LOBSTER message file, with the order book file beside it',
  recognises: (_sample, path) => FILE_NAME.test(basename(path)) && existsSync(bookFileOf(path)),
  createParser({ path, timeZone }: ParserOptions): LineParser {
    const [, symbol, date] = FILE_NAME.exec(basename(path)) ?? [];
    const midnightUs = createTimeParser(timeZone ?? 'America/New_York')(`${date ?? ''} 00:00:00`);
    if (symbol === undefined || Number.isNaN(midnightUs)) throw new RecordingNameInvalid(path, NAME_PATTERN);
    return { hasHeader: false, parse: (line, lineNumber) => parse(line, lineNumber, symbol, midnightUs) };
  },
};

function parse(line: string, lineNumber: number, symbol: string, midnightUs: number): readonly MarketEvent[] {
  const [message = '', book] = line.split('|', 2);
  if (message === '') throw malformed('each line of the order book file must have its message');
  if (book === undefined || book === '')
    throw malformed('each message must have its line in the order book file');
  const [time, type, , size, price, direction] = splitCsv(message);
  const eventTimeUs = midnightUs + Math.floor(finite(time, 'time') * 1e6);
  const base = { symbol, sequence: lineNumber, eventTimeUs, receiveTimeUs: eventTimeUs };
  const { bids, asks } = sides(book);
  const events: MarketEvent[] = [];
  if (type === '4' || type === '5') {
    if (direction !== '1' && direction !== '-1')
      throw malformed(`direction must be 1 or -1, was '${direction ?? ''}'`);
    const side: Side = direction === '1' ? 'sell' : 'buy';
    events.push({
      kind: 'trade',
      source: 'lobster.trade',
      ...base,
      price: finite(price, 'price') / PRICE_SCALE,
      size: finite(size, 'size'),
      side,
    });
  }
  if (bids.length > 0 && asks.length > 0) {
    const [bidPrice, bidSize] = [bids[0]!, bids[1]!];
    const [askPrice, askSize] = [asks[0]!, asks[1]!];
    events.push({ kind: 'quote', source: 'lobster.quote', ...base, bidPrice, bidSize, askPrice, askSize });
  }
  events.push({
    kind: 'bookSnapshot',
    source: 'lobster.book',
    ...base,
    lastUpdateId: lineNumber,
    bids: Float64Array.from(bids),
    asks: Float64Array.from(asks),
  });
  return events;
}

/** Levels are written ask price, ask size, bid price, bid size, best level first. */
function sides(book: string): { readonly bids: readonly number[]; readonly asks: readonly number[] } {
  const fields = splitCsv(book);
  if (fields.length % 4 !== 0)
    throw malformed(`line of the order book file must have four fields per level, had ${fields.length}`);
  const bids: number[] = [];
  const asks: number[] = [];
  for (let i = 0; i < fields.length; i += 4) {
    const ask = finite(fields[i], 'ask price');
    const askSize = finite(fields[i + 1], 'ask size');
    const bid = finite(fields[i + 2], 'bid price');
    const bidSize = finite(fields[i + 3], 'bid size');
    if (Math.abs(ask) !== EMPTY_LEVEL) asks.push(ask / PRICE_SCALE, askSize);
    if (Math.abs(bid) !== EMPTY_LEVEL) bids.push(bid / PRICE_SCALE, bidSize);
  }
  return { bids, asks };
}
