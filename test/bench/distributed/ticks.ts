import type { NewRecord } from '../../../pkg/eventlog/event-log.ts';
import type { MarketEvent } from '../../../pkg/marketdata/events.ts';
import { ingestHeaders } from '../../../pkg/pipeline/ingest-time.ts';
import { createRandom, type Random } from '../../../pkg/runtime/random.ts';
import { encodeMarketEvent } from '../../../pkg/wire/market-event.ts';

/** Of which kind ticks are: `quotes` of the symbols in turn, or `trades` of symbols drawn at random, as a bar clock that counts needs. */
export type TickKind = 'quotes' | 'trades';

/** Makes ticks as records that a collector would append. */
export class Ticks {
  readonly #symbols: readonly string[];
  readonly #kind: TickKind;
  readonly #random: Random = createRandom(1);
  #made = 0;

  /** @param symbols - How many. */
  constructor(symbols: number, kind: TickKind = 'quotes') {
    this.#symbols = Array.from({ length: symbols }, (_, i) => `S${String(i).padStart(5, '0')}`);
    this.#kind = kind;
  }

  /** The next tick. @param timeUs - When it happened, and arrived. */
  next(timeUs: number): NewRecord {
    const event = this.#kind === 'quotes' ? this.#quote(timeUs) : this.#trade(timeUs);
    this.#made += 1;
    const value = encodeMarketEvent(event);
    return { key: event.symbol, value, timestampUs: timeUs, headers: ingestHeaders(timeUs) };
  }

  #quote(timeUs: number): MarketEvent {
    const n = this.#made;
    const bidPrice = priceOf(n);
    return {
      ...{ kind: 'quote', source: 'bench.quote', symbol: this.#symbols[n % this.#symbols.length]! },
      ...{ sequence: n, eventTimeUs: timeUs, receiveTimeUs: timeUs },
      ...{ bidPrice, bidSize: 1 + (n % 7), askPrice: bidPrice + 0.05, askSize: 1 + (n % 5) },
    };
  }

  #trade(timeUs: number): MarketEvent {
    const n = this.#made;
    const symbol = this.#symbols[Math.floor(this.#random.uniform() * this.#symbols.length)]!;
    return {
      ...{ kind: 'trade', source: 'bench.trade', symbol, sequence: n },
      ...{ eventTimeUs: timeUs, receiveTimeUs: timeUs, price: priceOf(n), size: 1 + (n % 7) },
    };
  }
}

const priceOf = (n: number): number => 100 + Math.sin(n / 37) + (n % 13) / 100;
