import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

import { createRandom } from '../../pkg/runtime/random.ts';

const START_MS = 1_700_000_000_000;
const TICK = 0.1;

/**
 * Writes a Binance USD-M capture that a seeded random walk made: best quotes, trades, one snapshot and a chain of depth
 * updates, and now and then a line that belongs in quarantine (crossed, torn, repeated).
 *
 * @param lines - Lines of the file; about 40 in a second of market time.
 */
export async function writeCapture(path: string, lines: number, seed = 1): Promise<void> {
  const random = createRandom(seed);
  const text: string[] = [];
  let ticks = 500_000;
  let updateId = 1000;
  let tradeId = 1;
  let previousUpdate = updateId;
  const price = (n: number): string => (n * TICK).toFixed(2);
  const size = (): string => (0.001 + Math.floor(random.uniform() * 5000) / 1000).toFixed(3);
  for (let i = 0; i < lines; i += 1) {
    const ms = START_MS + i * 25;
    const nanos = `${ms + 3}000000`;
    const message = (stream: string, data: object): string =>
      `${nanos} ${JSON.stringify({ stream: `btcusdt@${stream}`, data })}`;
    ticks += Math.floor(random.uniform() * 5) - 2;
    updateId += 10;
    const kind = random.uniform();
    if (i === 5) {
      const side = (sign: number) =>
        Array.from({ length: 20 }, (_, level) => [price(ticks + sign * (level + 1)), size()]);
      text.push(
        `${nanos} ${JSON.stringify({ lastUpdateId: updateId, E: ms, T: ms, bids: side(-1), asks: side(1) })}`,
      );
      previousUpdate = updateId;
    } else if (kind < 0.003) {
      text.push(`${nanos} {"stream":"btcusdt@trade","data":{"e":"tra`);
    } else if (kind < 0.006) {
      text.push(
        message('bookTicker', {
          ...{ e: 'bookTicker', u: updateId, s: 'BTCUSDT', b: price(ticks + 3), B: size() },
          ...{ a: price(ticks - 3), A: size(), T: ms, E: ms },
        }),
      );
    } else if (kind < 0.01 && text.length > 10) {
      text.push(text.at(-1)!);
    } else if (kind < 0.55) {
      text.push(
        message('bookTicker', {
          ...{ e: 'bookTicker', u: updateId, s: 'BTCUSDT', b: price(ticks - 1), B: size() },
          ...{ a: price(ticks + 1), A: size(), T: ms, E: ms },
        }),
      );
    } else if (kind < 0.8) {
      const isSell = random.uniform() < 0.5;
      text.push(
        message('trade', {
          ...{
            e: 'trade',
            E: ms,
            T: ms,
            s: 'BTCUSDT',
            t: (tradeId += 1),
            p: price(ticks + (isSell ? -1 : 1)),
          },
          ...{ q: size(), X: 'MARKET', m: isSell },
        }),
      );
    } else {
      text.push(
        message('depth@0ms', {
          ...{ e: 'depthUpdate', E: ms, T: ms, s: 'BTCUSDT' },
          ...{ U: previousUpdate + 1, u: updateId, pu: previousUpdate },
          b: [[price(ticks - 1 - Math.floor(random.uniform() * 10)), size()]],
          a: [[price(ticks + 1 + Math.floor(random.uniform() * 10)), size()]],
        }),
      );
      previousUpdate = updateId;
    }
  }
  await writeFile(path, gzipSync(`${text.join('\n')}\n`));
}
