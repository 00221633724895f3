import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  FormatUnknown,
  RecordingCorrupt,
  RecordingEmpty,
  RecordingUnreadable,
  TimeZoneUnknown,
} from '../../errors.ts';
import { TradewindError } from '../../../runtime/errors.ts';
import { fileWith, outlineOf, quarantinedOf, replay } from './files.testing.ts';
import { MAX_LINE_BYTES } from './lines.ts';
import { openReplay } from './open.ts';

const T = 1_723_101_796;
const binance = (n: number): string =>
  `${T}${String(n).padStart(9, '0')} {"stream":"x@trade","data":{"e":"trade","E":${T}000,"s":"BTCUSDT","t":${n},"p":"1","q":"1","m":true}}`;
const bybit = (n: number): string =>
  `{"topic":"orderbook.50.X","type":"snapshot","ts":${T}000,"data":{"s":"X","b":[["1","1"]],"a":[],"u":${n},"seq":1}}`;

/** For each format a text of good and bad lines, as long as told. */
const TEXTS: Readonly<Record<string, (rows: number) => string>> = {
  binance: (rows) => lines(rows, binance),
  bybit: (rows) => lines(rows, bybit),
  bars: (rows) => `time,open,high,low,close\n${lines(rows, (n) => `${T + 60 * n},1,1,1,1`)}`,
  quotes: (rows) => `time,bid,ask\n${lines(rows, (n) => `${T + n},1,2`)}`,
  'databento-mbp1': (rows) =>
    `ts_event_ns,ts_recv_ns,action,side,price,size,bid_px,ask_px,bid_sz,ask_sz\n${lines(rows, (n) => `${T}000000000,${T}000000000,${n % 2 === 0 ? 'T' : 'A'},B,1,1,1,2,3,4`)}`,
};

/** Every seventh line is junk and every eleventh is blank. */
function lines(rows: number, good: (n: number) => string): string {
  return Array.from({ length: rows }, (_, n) => (n % 7 === 5 ? 'null' : n % 11 === 9 ? '' : good(n))).join(
    '\n',
  );
}

describe('replay of a file', () => {
  it.each(Object.entries(TEXTS))(
    'recognises %s, and reads it the same when compressed',
    async (format, text) => {
      const path = fileWith('x.txt', text(40));
      expect((await openReplay({ path })).description).toBe(`replay of x.txt (${format})`);
      const items = await replay({ path });
      expect(outlineOf(items).filter((word) => word.startsWith('!'))).toEqual(Array(5).fill('!Malformed'));
      const compressed = await replay({ path: fileWith('x.txt', gzipSync(text(40))) });
      expect(compressed).toEqual(items);
    },
  );

  it.each(Object.entries(TEXTS))(
    '%s: reading from position k gives the tail of the whole',
    async (_format, text) => {
      const path = fileWith('x.txt', text(5000));
      const whole = await replay({ path });
      expect(whole.map(({ position }) => position)).toEqual(whole.map((_, i) => i));
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length), async (k) => {
          expect(isDeepStrictEqual(await replay({ path }, k), whole.slice(k))).toBe(true);
        }),
        { numRuns: 8, examples: [[0], [whole.length - 1], [whole.length]] },
      );
    },
  );

  it('never gives an empty batch, and ends when asked to', async () => {
    const source = await openReplay({
      path: fileWith('x.txt', `${TEXTS['binance']!(20_000)}\n${'\n'.repeat(400_000)}`),
    });
    const stop = new AbortController();
    let items = 0;
    for await (const batch of source.read({ fromPosition: 100, signal: stop.signal })) {
      expect(batch.length).toBeGreaterThan(0);
      items += batch.length;
      stop.abort();
    }
    expect(items).toBeGreaterThan(0);
    expect(items).toBeLessThan(10_000);
  });

  it('sets a line of more than the maximum aside and goes on', async () => {
    const text = `${binance(1)}\n${binance(2).replace('"1"', `"${'1'.repeat(MAX_LINE_BYTES)}"`)}\n${binance(3)}`;
    const items = await replay({ path: fileWith('x.txt', text) });
    expect(outlineOf(items)).toEqual(['trade', '!Malformed', 'trade']);
    expect(quarantinedOf(items)[0]).toMatchObject({
      message: expect.stringContaining('at most 16777216'),
      raw: '',
    });
  });

  it('sets binary junk in the middle aside, with nothing invisible in what is kept of it', async () => {
    const junk = Buffer.from(
      Array.from({ length: 3000 }, (_, i) => (i * 7919) % 256).filter((byte) => byte !== 10),
    );
    const items = await replay({
      path: fileWith(
        'x',
        Buffer.concat([Buffer.from(`${binance(1)}\n`), junk, Buffer.from(`\n${binance(2)}`)]),
      ),
    });
    expect(outlineOf(items)).toEqual(['trade', '!Malformed', 'trade']);
    expect(quarantinedOf(items)[0]!.raw).toMatch(/^[\x20-\x7e]{1024}$/);
  });

  it('takes any bytes without a crash: items, or one clear error', async () => {
    const starts = Object.values(TEXTS).map((text) => text(3));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('', 'PAR1', '\u001f\u008b', ...starts),
        fc.uint8Array({ maxLength: 300 }),
        async (start, bytes) => {
          const path = fileWith('any', Buffer.concat([Buffer.from(start, 'latin1'), bytes]));
          try {
            for (const item of await replay({ path })) expect(item).toHaveProperty('position');
          } catch (error) {
            expect(error).toBeInstanceOf(TradewindError);
            expect((error as Error).message).not.toMatch(/\n/);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each<[string, string, string | Uint8Array, string | undefined, new (...args: never[]) => Error]>([
    ['an empty file', 'x.csv', '', undefined, RecordingEmpty],
    ['a file of blank lines', 'x.csv', '\n \r\n\n', undefined, RecordingEmpty],
    ['an empty compressed file', 'x.csv.gz', gzipSync(''), undefined, RecordingEmpty],
    [
      'binary junk',
      'x.bin',
      Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251),
      undefined,
      FormatUnknown,
    ],
    ['text of no format', 'x.csv', 'a,b\n1,2\n', undefined, FormatUnknown],
    ['a format that does not exist', 'x.csv', 'a,b\n1,2\n', 'xml', FormatUnknown],
    [
      'gzip data cut short',
      'x.gz',
      gzipSync(TEXTS['bars']!(500)).subarray(0, 300),
      undefined,
      RecordingCorrupt,
    ],
    ['gzip by name only', 'x.gz', TEXTS['bars']!(5), undefined, RecordingCorrupt],
    ['one line without end', 'x.csv', 'x'.repeat(MAX_LINE_BYTES + 2), undefined, RecordingCorrupt],
    ['Parquet cut short', 'x.parquet', 'PAR1 and then nothing', undefined, RecordingCorrupt],
    ['text as Parquet', 'x.csv', TEXTS['bars']!(5), 'parquet', RecordingCorrupt],
  ])('refuses %s with one clear error', async (_case, name, content, format, error) => {
    const path = fileWith(name, content);
    const read = replay({ path, ...(format === undefined ? {} : { format }) });
    await expect(read).rejects.toThrow(error);
    await expect(read).rejects.toBeInstanceOf(TradewindError);
  });

  it('refuses what is not there, a folder, and a zone that is not known', async () => {
    await expect(openReplay({ path: '/nowhere/x.csv' })).rejects.toThrow(RecordingUnreadable);
    await expect(openReplay({ path: '/tmp' })).rejects.toThrow(RecordingUnreadable);
    const path = fileWith('x.csv', TEXTS['bars']!(5));
    await expect(openReplay({ path, timeZone: 'Nowhere' })).rejects.toThrow(TimeZoneUnknown);
  });

  it('gives what could be read before gzip data end early', async () => {
    const path = fileWith('x.gz', gzipSync(TEXTS['bars']!(60_000)).subarray(0, -2000));
    const source = await openReplay({ path });
    let items = 0;
    const read = async () => {
      for await (const batch of source.read({})) items += batch.length;
    };
    await expect(read()).rejects.toThrow(RecordingCorrupt);
    expect(items).toBeGreaterThan(10_000);
  });

  it('reads a named format against the look of the file', async () => {
    const items = await replay({ path: fileWith('x.csv', TEXTS['bars']!(4)), format: 'binance' });
    expect(new Set(outlineOf(items))).toEqual(new Set(['!Malformed']));
  });
});
