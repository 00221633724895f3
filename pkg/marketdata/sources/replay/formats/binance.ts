import type { MarketEvent } from '../../../events.ts';
import { type LineFormat, type LineParser, malformed, type ParserOptions } from '../format.ts';
import { BinanceEvents } from './binance-events.ts';
import { readBinanceJson } from './binance-json.ts';
import { BinanceScan } from './binance-scan.ts';

const LINE = /^\d{16,19} \{"/;
const MIN_TIME_DIGITS = 16;
const MAX_TIME_DIGITS = 19;
/** Only futures chain depth updates by `pu` and give book tickers a type. */
const FUTURES = /"pu":|"e":"bookTicker"/;

/**
 * Raw websocket capture of Binance: a line is `<receive time, ns> <json>`, the json a combined-stream message or the snapshot of
 * the REST interface. Event time is the transaction time `T` where there is one, else `E`; spot book tickers and snapshots
 * carry neither and take the newest time of the venue seen before them.
 */
export const binanceCapture: LineFormat = {
  name: 'binance',
  description: 'raw websocket capture of Binance, spot or USD-M futures: `<receive ns> <json>`',
  recognises: (sample) => sample.some((line) => LINE.test(line) && /"(?:stream|lastUpdateId|e)":/.test(line)),
  createParser: (options) => new BinanceParser(options),
};

class BinanceParser implements LineParser {
  readonly hasHeader = false;
  readonly #events: BinanceEvents;
  readonly #scan: BinanceScan;

  constructor({ path, symbol, sample }: ParserOptions) {
    const isFutures = sample.some((line) => FUTURES.test(line)) || /usdm/i.test(path);
    const named = /"s":"([^"\\]{1,64})"/.exec(sample.join('\n'))?.[1];
    this.#events = new BinanceEvents(isFutures ? 'binance-usdm' : 'binance-spot', named ?? symbol);
    this.#scan = new BinanceScan(this.#events);
  }

  parse(line: string): readonly MarketEvent[] {
    const space = line.indexOf(' ');
    const receiveTimeUs = microseconds(line, space);
    const event =
      this.#scan.read(line, space + 1, receiveTimeUs) ??
      readBinanceJson(line.slice(space + 1), this.#events, receiveTimeUs);
    return [event];
  }
}

/** Nanoseconds do not fit a number: the last three digits are left out. */
function microseconds(line: string, end: number): number {
  let value = 0;
  let isTime = end >= MIN_TIME_DIGITS && end <= MAX_TIME_DIGITS;
  for (let at = 0; isTime && at < end; at += 1) {
    const digit = line.charCodeAt(at) - 48;
    isTime = digit >= 0 && digit <= 9;
    if (at < end - 3) value = value * 10 + digit;
  }
  if (isTime && Number.isSafeInteger(value)) return value;
  throw malformed('line must begin with a receive time in ns');
}
