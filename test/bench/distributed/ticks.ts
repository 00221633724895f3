import type { NewRecord } from '../../../pkg/eventlog/event-log.ts';
import { ingestHeaders } from '../../../pkg/pipeline/ingest-time.ts';
import { encodeMarketEvent } from '../../../pkg/wire/market-event.ts';

/** Makes quotes of symbols in turn, as records that a collector would append. */
export class Ticks {
  readonly #symbols: readonly string[];
  #made = 0;

  /** @param symbols - How many. */
  constructor(symbols: number) {
    this.#symbols = Array.from({ length: symbols }, (_, i) => `S${String(i).padStart(5, '0')}`);
  }

  /** The next tick. @param timeUs - When it happened, and arrived. */
  next(timeUs: number): NewRecord {
    const n = this.#made;
    this.#made += 1;
    const symbol = this.#symbols[n % this.#symbols.length]!;
    const bidPrice = 100 + Math.sin(n / 37) + (n % 13) / 100;
    const value = encodeMarketEvent({
      ...{ kind: 'quote', source: 'bench.quote', symbol, sequence: n, eventTimeUs: timeUs },
      ...{
        receiveTimeUs: timeUs,
        bidPrice,
        bidSize: 1 + (n % 7),
        askPrice: bidPrice + 0.05,
        askSize: 1 + (n % 5),
      },
    });
    return { key: symbol, value, timestampUs: timeUs, headers: ingestHeaders(timeUs) };
  }
}
