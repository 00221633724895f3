import type { Quote } from '../../../events.ts';
import { HeaderInvalid } from '../../../errors.ts';
import { columnOf, readHeader, requireColumns, splitCsv } from '../columns.ts';
import {
  finite,
  type LineFormat,
  type LineParser,
  malformed,
  type ParserOptions,
  validTime,
} from '../format.ts';
import { createTimeParser } from '../time.ts';

const HEADLESS = /^\d{8} \d{9},[\d.]+,[\d.]+/;

/** Quote ticks as CSV: with a header naming time, bid and ask (and sizes), or headless `YYYYMMDD HHMMSSmmm,bid,ask,volume`. */
export const quoteCsv: LineFormat = {
  name: 'quotes',
  description: 'CSV of quote ticks: time, bid, ask and optionally sizes, with or without a header',
  recognises: (sample) => {
    const first = sample[0] ?? '';
    if (HEADLESS.test(first)) return true;
    const columns = readHeader(first);
    return columns.has('bid') && columns.has('ask') && !columns.has('open');
  },
  createParser,
};

function createParser({ path, symbol, timeZone, sample }: ParserOptions): LineParser {
  const parseTime = createTimeParser(timeZone);
  const first = sample[0] ?? '';
  const isHeadless = HEADLESS.test(first);
  const columns = isHeadless
    ? new Map([
        ['time', 0],
        ['bid', 1],
        ['ask', 2],
      ])
    : readHeader(first);
  const time = columnOf(columns, 'timestamp', 'time', 'datetime', 'ts', 'date');
  if (time === undefined) throw new HeaderInvalid(path, ['time'], first);
  const [bid, ask] = requireColumns(path, first, columns, ['bid', 'ask']) as [number, number];
  const [bidSize, askSize] = [columns.get('bid_size'), columns.get('ask_size')];
  return {
    hasHeader: !isHeadless,
    parse(line, lineNumber): readonly Quote[] {
      const fields = splitCsv(line);
      const text = fields[time] ?? '';
      if (fields.length <= Math.max(bid, ask))
        throw malformed(`row must have at least ${Math.max(bid, ask) + 1} fields, had ${fields.length}`);
      const eventTimeUs = validTime(parseTime(text), text);
      return [
        {
          kind: 'quote',
          source: 'file.quote',
          symbol,
          sequence: lineNumber,
          eventTimeUs,
          receiveTimeUs: eventTimeUs,
          bidPrice: finite(fields[bid], 'bid'),
          bidSize: bidSize === undefined ? 0 : finite(fields[bidSize], 'bid_size'),
          askPrice: finite(fields[ask], 'ask'),
          askSize: askSize === undefined ? 0 : finite(fields[askSize], 'ask_size'),
        },
      ];
    },
  };
}
