import type { MarketEvent, Side } from '../../../events.ts';
import { readHeader, requireColumns, splitCsv } from '../columns.ts';
import { finite, type LineFormat, type LineParser, malformed, type ParserOptions } from '../format.ts';
import { priceReaderFor } from './databento-price.ts';

const COLUMNS = [
  'ts_event_ns',
  'ts_recv_ns',
  'action',
  'side',
  'price',
  'size',
  'bid_px',
  'ask_px',
  'bid_sz',
  'ask_sz',
] as const;
const PRICES = ['price', 'bid_px', 'ask_px'] as const;

/**
 * Databento MBP-1 as CSV: top of book after each event, and trades (action `T`, side of the aggressor). The channel's sequence
 * numbers jump, since other instruments share it: rows are numbered by line instead. Prices are decimals or fixed point.
 */
export const databentoMbp1: LineFormat = {
  name: 'databento-mbp1',
  description: 'Databento MBP-1 as CSV: top of book and trades, times in ns',
  recognises: (sample) => {
    const columns = readHeader(sample[0] ?? '');
    return COLUMNS.every((name) => columns.has(name));
  },
  createParser,
};

function createParser({ path, symbol, sample }: ParserOptions): LineParser {
  const header = sample[0] ?? '';
  const index = requireColumns(path, header, readHeader(header), COLUMNS);
  const priceAt = PRICES.map((name) => index[COLUMNS.indexOf(name)]!);
  const price = priceReaderFor(
    sample.slice(1).flatMap((line) => {
      const fields = splitCsv(line);
      return priceAt.map((i) => fields[i]);
    }),
  );
  return {
    hasHeader: true,
    parse(line, lineNumber): readonly MarketEvent[] {
      const fields = splitCsv(line);
      const [event, receive, action, side, traded, size, bid, ask, bidSize, askSize] = index.map(
        (i) => fields[i],
      );
      const base = {
        symbol,
        sequence: lineNumber,
        eventTimeUs: microseconds(event, 'ts_event_ns'),
        receiveTimeUs: microseconds(receive, 'ts_recv_ns'),
      };
      const quote: MarketEvent = {
        kind: 'quote',
        source: 'databento.quote',
        ...base,
        bidPrice: price(bid, 'bid_px'),
        bidSize: finite(bidSize, 'bid_sz'),
        askPrice: price(ask, 'ask_px'),
        askSize: finite(askSize, 'ask_sz'),
      };
      if (action !== 'T') return [quote];
      const aggressor: Side | undefined = side === 'B' ? 'buy' : side === 'A' ? 'sell' : undefined;
      const trade: MarketEvent = {
        kind: 'trade',
        source: 'databento.trade',
        ...base,
        price: price(traded, 'price'),
        size: finite(size, 'size'),
        ...(aggressor === undefined ? {} : { side: aggressor }),
      };
      return [trade, quote];
    },
  };
}

/** Nanoseconds as text to microseconds: too large for a number, so cut as text. */
function microseconds(text: string | undefined, name: string): number {
  if (text === undefined || !/^\d{16,20}$/.test(text))
    throw malformed(`${name} must be nanoseconds, was '${text ?? ''}'`);
  return Number(text.slice(0, -3));
}
