import { describe, expect, it } from 'vitest';

import { HeaderInvalid, RecordingCorrupt } from '../../errors.ts';
import { eventsOf, fileWith, outlineOf, quarantinedOf, replay } from './files.testing.ts';
import { openReplay } from './open.ts';
import { parquetFile, type TestColumn } from './parquet.testing.ts';

const US = 1_704_067_200_123_456n;
const doubles = (...values: readonly number[]): TestColumn => ({ type: 'double', values });
const texts = (...values: readonly string[]): TestColumn => ({ type: 'text', values });
const micros = (...values: readonly bigint[]): TestColumn => ({ type: 'timestamp-micros', values });

const read = (columns: Readonly<Record<string, TestColumn>>, symbol = 'X', fromPosition = 0) =>
  replay({ path: fileWith('x.parquet', parquetFile(columns)), symbol }, fromPosition);

describe('Parquet', () => {
  it('reads trades, with the microseconds of their time', async () => {
    const items = await read({
      timestamp: micros(US, US + 1n, US + 2n),
      trade_id: { type: 'int64', values: [7n, 8n, 9n] },
      price: doubles(1.5, 2.5, 3.5),
      quantity: doubles(1, 2, 3),
      buyer_maker: texts('True', 'false', 'maybe'),
      symbol: texts('BTC/USDT', '', 'Y'),
    });
    const common = { kind: 'trade', source: 'file.trade' };
    expect(eventsOf(items)).toEqual([
      {
        ...{ ...common, symbol: 'BTCUSDT', sequence: 7, eventTimeUs: Number(US), receiveTimeUs: Number(US) },
        ...{ price: 1.5, size: 1, side: 'sell' },
      },
      {
        ...{
          ...common,
          symbol: 'X',
          sequence: 8,
          eventTimeUs: Number(US) + 1,
          receiveTimeUs: Number(US) + 1,
        },
        ...{ price: 2.5, size: 2, side: 'buy' },
      },
    ]);
    expect(quarantinedOf(items)).toMatchObject([{ reason: 'Malformed', origin: 'x.parquet:3' }]);
  });

  it('reads quotes, their sizes where there are, and tells where a number is none', async () => {
    const timestamp: TestColumn = {
      type: 'timestamp-millis',
      values: [1_704_067_200_000n, 1_704_067_201_000n],
    };
    const sized = { bid_size: doubles(3, 4), ask_size: doubles(5, 6) };
    const items = await read({ timestamp, bid: doubles(1, Number.NaN), ask: doubles(2, 2), ...sized });
    expect(outlineOf(items)).toEqual(['quote', '!NotANumber']);
    expect(eventsOf(items)[0]).toMatchObject({
      sequence: 1,
      eventTimeUs: 1_704_067_200_000_000,
      bidSize: 3,
      askSize: 5,
    });
    const [bare] = eventsOf(await read({ timestamp, bid: doubles(1, 1), ask: doubles(2, 2) }));
    expect(bare).toMatchObject({ bidSize: 0, askSize: 0 });
  });

  it.each<[string, TestColumn, string[]]>([
    ['epoch nanoseconds', { type: 'int64', values: [US * 1000n + 789n, -5n] }, ['quote', 'quote']],
    ['RFC 3339', texts('2024-01-01T00:00:00.123456Z', '2024-02-31T00:00:00Z'), ['quote', '!Malformed']],
    ['epoch seconds', doubles(1_704_067_200.123456, Number.NaN), ['quote', '!Malformed']],
  ])('reads times as %s too', async (_case, timestamp, outline) => {
    const items = await read({ timestamp, bid: doubles(1, 1), ask: doubles(2, 2) });
    expect(outlineOf(items)).toEqual(outline);
    expect(eventsOf(items)[0]!.eventTimeUs).toBe(Number(US));
  });

  it('gives the tail of the whole from any position', async () => {
    const n = 25_000;
    const columns = {
      timestamp: micros(...Array.from({ length: n }, (_, i) => US + BigInt(i))),
      price: doubles(...Array.from({ length: n }, (_, i) => (i % 1000 === 7 ? Number.NaN : i + 1))),
      quantity: doubles(...Array.from({ length: n }, () => 1)),
    };
    const whole = await read(columns);
    expect(whole).toHaveLength(n);
    for (const k of [1, 10_000, 24_999]) expect(await read(columns, 'X', k)).toEqual(whole.slice(k));
  });

  it('refuses columns that are neither trades nor quotes', async () => {
    const path = fileWith('x.parquet', parquetFile({ timestamp: micros(US), open: doubles(1) }));
    await expect(openReplay({ path })).rejects.toThrow(HeaderInvalid);
  });

  it('refuses rows that are damaged, wherever the damage is', async () => {
    const whole = parquetFile({ timestamp: micros(US, US), price: doubles(1, 2), quantity: doubles(1, 2) });
    for (let at = 4; at < whole.length; at += 1) {
      const damaged = Uint8Array.from(whole);
      damaged[at] = damaged[at]! ^ 0xff;
      const path = fileWith('x.parquet', damaged);
      try {
        await replay({ path });
      } catch (error) {
        if (!(error instanceof HeaderInvalid)) expect(error).toBeInstanceOf(RecordingCorrupt);
      }
    }
  });
});
