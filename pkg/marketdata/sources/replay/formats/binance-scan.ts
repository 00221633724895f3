import type { MarketEvent } from '../../../events.ts';
import { JsonScanner } from '../json-scanner.ts';
import type { BinanceEvents } from './binance-events.ts';

const MAX_SYMBOL = 64;

/**
 * Reads the messages that make up a capture in the one way in which Binance writes them, by position: key order, no spaces. For
 * anything else it gives nothing, and the message is read as JSON; both ways give the same events.
 */
export class BinanceScan {
  readonly #scanner = new JsonScanner();
  readonly #events: BinanceEvents;
  #symbol = '';

  constructor(events: BinanceEvents) {
    this.#events = events;
  }

  /**
   * @param at - Where the JSON begins in the line.
   * @throws {MalformedLine} The message has this form, but its ids contradict each other.
   */
  read(line: string, at: number, receiveTimeUs: number): MarketEvent | undefined {
    const scanner = this.#scanner;
    scanner.start(line, at);
    scanner.expect('{"stream":"');
    scanner.skipWord();
    scanner.expect('","data":{');
    if (scanner.failed) return undefined;
    if (scanner.skip('"e":"bookTicker","u":') || scanner.skip('"u":')) return this.#quote(receiveTimeUs);
    if (scanner.skip('"e":"trade","E":')) return this.#trade(receiveTimeUs);
    return scanner.skip('"e":"depthUpdate","E":') ? this.#delta(receiveTimeUs) : undefined;
  }

  #quote(receiveTimeUs: number): MarketEvent | undefined {
    const scanner = this.#scanner;
    const sequence = scanner.integer();
    const symbol = this.#readSymbol();
    scanner.expect('","b":"');
    const bidPrice = scanner.decimal();
    scanner.expect('","B":"');
    const bidSize = scanner.decimal();
    scanner.expect('","a":"');
    const askPrice = scanner.decimal();
    scanner.expect('","A":"');
    const askSize = scanner.decimal();
    scanner.expect('"');
    let timeMs: number | undefined;
    if (scanner.skip(',"T":')) {
      timeMs = scanner.integer();
      scanner.expect(',"E":');
      scanner.integer();
    }
    if (!this.#ends()) return undefined;
    return this.#events.quote(symbol, sequence, bidPrice, bidSize, askPrice, askSize, timeMs, receiveTimeUs);
  }

  #trade(receiveTimeUs: number): MarketEvent | undefined {
    const scanner = this.#scanner;
    let timeMs = scanner.integer();
    if (scanner.skip(',"T":')) timeMs = scanner.integer();
    const symbol = this.#readSymbol();
    scanner.expect('","t":');
    const sequence = scanner.integer();
    scanner.expect(',"p":"');
    const price = scanner.decimal();
    scanner.expect('","q":"');
    const size = scanner.decimal();
    scanner.expect('"');
    // Futures give the kind of order here; spot gives the transaction time only now.
    if (scanner.skip(',"X":"')) {
      scanner.skipWord();
      scanner.expect('"');
    } else if (scanner.skip(',"T":')) {
      timeMs = scanner.integer();
    }
    scanner.expect(',"m":');
    const buyerIsMaker = scanner.skip('true');
    if (!buyerIsMaker) scanner.expect('false');
    if (scanner.skip(',"M":') && !scanner.skip('true')) scanner.expect('false');
    if (!this.#ends()) return undefined;
    return this.#events.trade(symbol, sequence, price, size, buyerIsMaker, timeMs, receiveTimeUs);
  }

  #delta(receiveTimeUs: number): MarketEvent | undefined {
    const scanner = this.#scanner;
    let timeMs = scanner.integer();
    if (scanner.skip(',"T":')) timeMs = scanner.integer();
    const symbol = this.#readSymbol();
    scanner.expect('","U":');
    const first = scanner.integer();
    scanner.expect(',"u":');
    const last = scanner.integer();
    const previous = scanner.skip(',"pu":') ? scanner.integer() : undefined;
    scanner.expect(',"b":');
    const bids = scanner.levels();
    scanner.expect(',"a":');
    const asks = scanner.levels();
    if (!this.#ends()) return undefined;
    return this.#events.delta(symbol, first, last, previous, bids, asks, timeMs, receiveTimeUs);
  }

  /** One string for all events of a symbol, instead of a piece of each line, which would keep the line in memory. */
  #readSymbol(): string {
    const scanner = this.#scanner;
    scanner.expect(',"s":"');
    if (this.#symbol === '' || !scanner.skipKnownWord(this.#symbol)) this.#symbol = scanner.word(MAX_SYMBOL);
    return this.#symbol;
  }

  #ends(): boolean {
    this.#scanner.expect('}}');
    this.#scanner.expectEnd();
    return !this.#scanner.failed;
  }
}
