import type { BookDelta, BookSnapshot, Levels, MarketEvent, Quote, Trade } from '../../../events.ts';
import { type LineFormat, type LineParser, malformed, type ParserOptions } from '../format.ts';

/** Messages of Binance's public streams, spot and USD-M futures, as far as they are read. */
interface DepthUpdate {
  readonly e: 'depthUpdate';
  readonly E: number;
  readonly T?: number;
  readonly s: string;
  readonly U: number;
  readonly u: number;
  readonly pu?: number;
  readonly b: readonly (readonly [string, string])[];
  readonly a: readonly (readonly [string, string])[];
}

interface TradeMessage {
  readonly e: 'trade';
  readonly E: number;
  readonly T: number;
  readonly s: string;
  readonly t: number;
  readonly p: string;
  readonly q: string;
  readonly m: boolean;
}

interface BookTicker {
  readonly e?: 'bookTicker';
  readonly u: number;
  readonly s: string;
  readonly b: string;
  readonly B: string;
  readonly a: string;
  readonly A: string;
  readonly T?: number;
  readonly E?: number;
}

interface DepthSnapshot {
  readonly lastUpdateId: number;
  readonly E?: number;
  readonly T?: number;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
}

type Message = DepthUpdate | TradeMessage | BookTicker;

/**
 * Raw websocket capture of Binance: a line is `<receive time, ns> <json>`, the json a combined-stream message or the
 * snapshot of the REST interface. Event time is the transaction time `T` where there is one, else `E`; spot book tickers and snapshots
 * carry neither and take the newest time of the venue seen before them.
 */
export const binanceCapture: LineFormat = {
  name: 'binance',
  description: 'raw websocket capture of Binance, spot or USD-M futures: `<receive ns> <json>`',
  recognises: (sample) => sample.some((line) => /^\d{16,19} \{"(stream|lastUpdateId)"/.test(line)),
  createParser: (options) => new BinanceParser(options),
};

class BinanceParser implements LineParser {
  readonly #venue: string;
  #symbol: string;
  #newestUs = 0;

  constructor({ path, symbol, sample }: ParserOptions) {
    const isFutures = sample.some((line) => line.includes('"pu":')) || /usdm/i.test(path);
    this.#venue = isFutures ? 'binance-usdm' : 'binance-spot';
    this.#symbol = /"s":"([^"]+)"/.exec(sample.join('\n'))?.[1] ?? symbol;
  }

  parse(line: string): readonly MarketEvent[] {
    const space = line.indexOf(' ');
    // Nanoseconds do not fit a number: the last three digits are cut as text.
    const receiveTimeUs = Number(line.slice(0, space - 3));
    if (space < 4 || !Number.isSafeInteger(receiveTimeUs))
      throw malformed('line must begin with a receive time in ns');
    const quick = this.#scanBookTicker(line, space, receiveTimeUs);
    if (quick !== undefined) return [quick];
    const json = parseJson(line.slice(space + 1));
    if ('lastUpdateId' in json) return [this.#snapshot(json as unknown as DepthSnapshot, receiveTimeUs)];
    const message = (json['data'] ?? json) as Message;
    if (typeof message !== 'object' || message === null) throw malformed('message must be an object');
    if (message.e === 'depthUpdate') return [this.#delta(message, receiveTimeUs)];
    if (message.e === 'trade') return [this.#trade(message, receiveTimeUs)];
    if ('B' in message && 'A' in message) return [this.#quote(message, receiveTimeUs)];
    throw malformed('message must be a depth update, trade, book ticker or snapshot');
  }

  /**
   * Book tickers are most lines and always written with the same keys in the same order: read by position. Anything that
   * deviates is left to the general way.
   */
  #scanBookTicker(line: string, space: number, receiveTimeUs: number): Quote | undefined {
    const data = line.indexOf('@bookTicker","data":{', space);
    if (data === -1) return undefined;
    const fields = BOOK_TICKER.exec(line.slice(data));
    if (fields === null) return undefined;
    const [, u, s, b, bigB, a, bigA, time] = fields;
    return this.#quoteOf(
      s!,
      Number(u),
      +b!,
      +bigB!,
      +a!,
      +bigA!,
      time === undefined ? undefined : Number(time),
      receiveTimeUs,
    );
  }

  #time(ms: number | undefined, receiveTimeUs: number): number {
    if (ms !== undefined) {
      if (!Number.isSafeInteger(ms)) throw malformed(`event time must be milliseconds, was ${ms}`);
      this.#newestUs = Math.max(this.#newestUs, ms * 1000);
      return ms * 1000;
    }
    return this.#newestUs === 0 ? receiveTimeUs : this.#newestUs;
  }

  #quote(message: BookTicker, receiveTimeUs: number): Quote {
    const { s, u, b, B, a, A, T, E } = message;
    return this.#quoteOf(s, u, Number(b), Number(B), Number(a), Number(A), T ?? E, receiveTimeUs);
  }

  #quoteOf(
    symbol: string,
    sequence: number,
    bidPrice: number,
    bidSize: number,
    askPrice: number,
    askSize: number,
    timeMs: number | undefined,
    receiveTimeUs: number,
  ): Quote {
    const eventTimeUs = this.#time(timeMs, receiveTimeUs);
    const source = this.#venue === 'binance-usdm' ? 'binance-usdm.quote' : 'binance-spot.quote';
    return {
      kind: 'quote',
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

  #trade(message: TradeMessage, receiveTimeUs: number): Trade {
    return {
      kind: 'trade',
      source: `${this.#venue}.trade`,
      symbol: message.s,
      sequence: message.t,
      eventTimeUs: this.#time(message.T ?? message.E, receiveTimeUs),
      receiveTimeUs,
      price: Number(message.p),
      size: Number(message.q),
      // `m`: the buyer was the maker, so the aggressor sold.
      side: message.m ? 'sell' : 'buy',
    };
  }

  #delta(message: DepthUpdate, receiveTimeUs: number): BookDelta {
    this.#symbol = message.s;
    return {
      kind: 'bookDelta',
      source: `${this.#venue}.depth`,
      symbol: message.s,
      sequence: message.u,
      eventTimeUs: this.#time(message.T ?? message.E, receiveTimeUs),
      receiveTimeUs,
      firstUpdateId: message.U,
      lastUpdateId: message.u,
      ...(message.pu === undefined ? {} : { previousUpdateId: message.pu }),
      bids: levelsOf(message.b),
      asks: levelsOf(message.a),
    };
  }

  #snapshot(message: DepthSnapshot, receiveTimeUs: number): BookSnapshot {
    return {
      kind: 'bookSnapshot',
      source: `${this.#venue}.snapshot`,
      symbol: this.#symbol,
      sequence: message.lastUpdateId,
      eventTimeUs: this.#time(message.T ?? message.E, receiveTimeUs),
      receiveTimeUs,
      lastUpdateId: message.lastUpdateId,
      bids: levelsOf(message.bids),
      asks: levelsOf(message.asks),
    };
  }
}

const BOOK_TICKER =
  /^@bookTicker","data":\{(?:"e":"bookTicker",)?"u":(\d+),"s":"([A-Z0-9]+)","b":"([\d.]+)","B":"([\d.]+)","a":"([\d.]+)","A":"([\d.]+)"(?:,"T":(\d+),"E":\d+)?\}\}\r?$/;

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    throw malformed('line must hold JSON after the receive time');
  }
  throw malformed('line must hold a JSON object');
}

function levelsOf(pairs: readonly (readonly [string, string])[] | undefined): Levels {
  if (!Array.isArray(pairs)) throw malformed('levels must be lists of [price, size]');
  const levels = new Float64Array(pairs.length * 2);
  for (let i = 0; i < pairs.length; i += 1) {
    const pair = pairs[i] as readonly [string, string];
    levels[2 * i] = Number(pair[0]);
    levels[2 * i + 1] = Number(pair[1]);
  }
  return levels;
}
