import { writeFileSync } from 'node:fs';

import { createRandom } from '../../../pkg/runtime/random.ts';

const SYMBOLS = ['AAVEUSDT', 'BTCUSDT', 'DOTUSDT', 'ETHUSDT', 'LTCUSDT', 'SOLUSDT', 'UNIUSDT', 'XRPUSDT'];
const START_MS = 1_700_000_000_000;
const STEP_MS = 25;
const LATE_MS = 3000;
/** One of so many lines is no message, has its sides crossed, or comes after the watermark; primes, so that they meet every symbol. */
export const EVERY = { broken: 997, crossed: 499, late: 701 } as const;

/** Writes a capture of quotes and trades of eight symbols in turn, with some that are set aside. @param lines - How many; equal numbers give equal files. */
export function writeRecording(path: string, lines: number): void {
  const random = createRandom(lines, 'crash matrix');
  const prices = SYMBOLS.map((_, i) => 100 + 10 * i);
  const text: string[] = [];
  for (let n = 1; n <= lines; n += 1) {
    const which = n % SYMBOLS.length;
    const price = Math.max(1, prices[which]! * (1 + 0.0004 * random.normal()));
    prices[which] = price;
    const receivedMs = START_MS + n * STEP_MS;
    const timeMs = n % EVERY.late === 0 ? receivedMs - LATE_MS : receivedMs;
    const message =
      n % EVERY.broken === 0
        ? '{"e":"bookTicker","u":'
        : JSON.stringify(
            n % 5 === 0
              ? tradeOf(n, SYMBOLS[which]!, price, timeMs)
              : quoteOf(n, SYMBOLS[which]!, price, timeMs),
          );
    text.push(`${receivedMs}000000 ${message}\n`);
  }
  writeFileSync(path, text.join(''));
}

const decimal = (value: number): string => value.toFixed(4);

function quoteOf(n: number, symbol: string, price: number, timeMs: number): object {
  const half = n % EVERY.crossed === 0 ? -0.05 : 0.05;
  return {
    ...{ e: 'bookTicker', u: n, s: symbol, b: decimal(price - half), B: decimal(1 + (n % 7)) },
    ...{ a: decimal(price + half), A: decimal(1 + (n % 11)), T: timeMs, E: timeMs },
  };
}

function tradeOf(n: number, symbol: string, price: number, timeMs: number): object {
  return {
    ...{ e: 'trade', E: timeMs, T: timeMs, s: symbol, t: n, p: decimal(price), q: decimal(1 + (n % 3)) },
    ...{ X: 'MARKET', m: n % 2 === 0 },
  };
}
