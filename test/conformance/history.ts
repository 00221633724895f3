import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { FeatureVector } from '../../pkg/features/feature-vector.ts';
import type { HistoryAddress } from '../../pkg/history/connection.ts';
import { HistorySchemaNewer } from '../../pkg/history/errors.ts';
import { History } from '../../pkg/history/history.ts';
import { MIGRATIONS } from '../../pkg/history/migrations.ts';
import { barRow, featureRow, quarantineRow, type Row, tickRow } from '../../pkg/history/rows.ts';
import type { MarketEvent } from '../../pkg/marketdata/events.ts';

/** Where a history may be made; the suite makes databases of its own in it. */
export interface HistoryUnderTest {
  readonly address: Omit<HistoryAddress, 'database'>;
  /** Runs a statement as its administrator, beside the history's client. */
  readonly command: (sql: string) => Promise<void>;
  /** What a query gives. */
  readonly rows: (sql: string) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
}

const BAR = 'time:1000';
const SECOND_US = 1_000_000;
const START_US = 1_700_000_000 * SECOND_US;
/** From {@link START_US} to the next whole minute. */
const SECONDS_TO_MINUTE = 40;

const vector = (
  symbol: string,
  second: number,
  values: readonly number[],
  changes: Partial<FeatureVector> = {},
): FeatureVector => {
  const timeUs = START_US + second * SECOND_US;
  return {
    ...{ symbol, timeUs, featureSet: 'core-v1', knownTimeUs: timeUs + 1000, offset: second },
    values: Float64Array.from(values),
    bar: {
      ...{ symbol, startTimeUs: timeUs - SECOND_US, endTimeUs: timeUs },
      ...{ open: 1, high: 2, low: 0.5, close: 1 + second / 10, volume: 3, buyVolume: 1, sellVolume: 2 },
      ...{ tradeCount: 4, quoteCount: 5, bidPrice: 1, bidSize: 7, askPrice: 1.5, askSize: 8 },
    },
    ...changes,
  };
};

const quote = (sequence: number, bidPrice: number): MarketEvent => ({
  ...{ kind: 'quote', source: 'test.quote', symbol: 'ES', sequence },
  ...{ eventTimeUs: START_US + sequence, receiveTimeUs: START_US + sequence + 5 },
  ...{ bidPrice, bidSize: 1, askPrice: bidPrice + 1, askSize: 2 },
});

/**
 * What every history must do, run by name.
 *
 * @param open - Starts the engine, or connects to the server.
 */
export function describeHistory(name: string, open: () => Promise<HistoryUnderTest>): void {
  describe(`history: ${name}`, () => {
    let under: HistoryUnderTest;
    let databases = 0;
    let history: History;
    let database: string;

    const openNew = async (): Promise<void> => {
      databases += 1;
      database = `conformance_${process.pid}_${databases}`;
      history = await History.open({ ...under.address, database });
    };
    const write = async (vectors: readonly FeatureVector[]): Promise<void> => {
      await history.insert(
        'bars',
        vectors.map((one) => barRow(one, BAR)),
      );
      await history.insert('features', vectors.map(featureRow));
    };

    beforeAll(async () => {
      under = await open();
      await openNew();
    });
    afterAll(async () => {
      for (let i = 1; i <= databases; i += 1)
        await under.command(`DROP DATABASE IF EXISTS conformance_${process.pid}_${i}`);
      await history.close();
      await under.close();
    });

    it('keeps every kind of event, with what is absent told from 0', async () => {
      const base = { source: 'kinds', symbol: 'K', eventTimeUs: START_US, receiveTimeUs: START_US + 1 };
      const levels = Float64Array.from([10, 1, 9, 2]);
      const events: readonly MarketEvent[] = [
        { ...base, sequence: 1, kind: 'trade', price: 10.25, size: 0.001, side: 'sell' },
        { ...base, sequence: 2, kind: 'trade', price: 10.5, size: 3 },
        { ...base, sequence: 3, kind: 'quote', bidPrice: 1, bidSize: 0, askPrice: 2, askSize: 4 },
        { ...base, sequence: 4, kind: 'bookSnapshot', lastUpdateId: 2 ** 52, bids: levels, asks: levels },
        {
          ...{ ...base, sequence: 5, kind: 'bookDelta', firstUpdateId: 1, lastUpdateId: 2 },
          ...{ previousUpdateId: 0, bids: levels, asks: new Float64Array() },
        },
        {
          ...{ ...base, sequence: 6, kind: 'bar', startTimeUs: START_US - 1 },
          ...{ open: 1, high: 2, low: 0.5, close: 1.5, volume: 0 },
        },
        { ...base, sequence: 7, kind: 'heartbeat' },
      ];
      await history.insert('ticks', events.map(tickRow));
      const rows = (await history.contents('ticks')).filter((row) => row['symbol'] === 'K');
      expect(rows.map((row) => row['kind'])).toEqual(events.map(({ kind }) => kind));
      expect(rows[0]).toMatchObject({ price: 10.25, size: 0.001, side: 'sell', bid_price: null });
      expect(rows[1]).toMatchObject({ side: '' });
      expect(rows[2]).toMatchObject({ bid_size: 0, ask_size: 4, price: null });
      expect(rows[3]).toMatchObject({ last_update_id: 2 ** 52, bids: [10, 1, 9, 2], asks: [10, 1, 9, 2] });
      expect(rows[4]).toMatchObject({ previous_update_id: 0, asks: [] });
      expect(rows[5]).toMatchObject({ close: 1.5, volume: 0, bid_price: null });
    });

    it('merges what is written twice, before the engine has merged and after', async () => {
      const events = Array.from({ length: 500 }, (_, i) => quote(i, 100 + i / 4));
      for (let time = 0; time < 3; time += 1) {
        const writer = history.writer({ maxBatchRows: 150 });
        await writer.write('ticks', events.slice(time * 50).map(tickRow));
        await writer.flush();
      }
      const rowsOf = async () => (await history.contents('ticks')).filter((row) => row['symbol'] === 'ES');
      const before = await rowsOf();
      expect(before).toHaveLength(500);
      expect(before.map((row) => row['bid_price'])).toEqual(events.map((_, i) => 100 + i / 4));
      await under.command(`OPTIMIZE TABLE ${database}.ticks FINAL`);
      expect(await rowsOf()).toEqual(before);
    });

    it('joins features to the bar that they were computed on, in the order of time and symbol', async () => {
      await openNew();
      await write([
        vector('NQ', 2, [1, Number.NaN]),
        vector('ES', 2, [2, 0]),
        vector('ES', 1, [Math.PI, -1e-300]),
      ]);
      const rows = await history.readDataset({ featureSet: 'core-v1', bar: BAR });
      expect(rows.map(({ symbol, timeUs }) => [symbol, (timeUs - START_US) / SECOND_US])).toEqual([
        ['ES', 1],
        ['ES', 2],
        ['NQ', 2],
      ]);
      expect(Array.from(rows[0]!.values)).toEqual([Math.PI, -1e-300]);
      expect(rows[0]).toMatchObject({ close: 1.1, mid: 1.25 });
      expect(Array.from(rows[2]!.values)).toEqual([1, Number.NaN]);
    });

    it('reads the past as it was known then', async () => {
      await openNew();
      const known = (second: number): number => START_US + second * SECOND_US;
      await write([
        vector('ES', 1, [1], { knownTimeUs: known(1) }),
        // The bar of second 2 came an hour late.
        vector('ES', 2, [2], { knownTimeUs: known(3600) }),
        vector('ES', 3, [3], { knownTimeUs: known(3) }),
      ]);
      const read = async (asOfSecond?: number) =>
        (
          await history.readDataset({
            ...{ featureSet: 'core-v1', bar: BAR },
            ...(asOfSecond === undefined ? {} : { asOfUs: known(asOfSecond) }),
          })
        ).map(({ values }) => values[0]);
      expect(await read(0)).toEqual([]);
      expect(await read(10)).toEqual([1, 3]);
      expect(await read(3600)).toEqual([1, 2, 3]);
      expect(await read()).toEqual([1, 2, 3]);
    });

    it('still knows what was known before a row was corrected', async () => {
      await openNew();
      const known = (second: number): number => START_US + second * SECOND_US;
      await write([vector('ES', 1, [1], { knownTimeUs: known(1) })]);
      await write([vector('ES', 1, [1.5], { knownTimeUs: known(100) })]);
      await under.command(`OPTIMIZE TABLE ${database}.features FINAL`);
      await under.command(`OPTIMIZE TABLE ${database}.bars FINAL`);
      const read = async (asOfUs: number) =>
        (await history.readDataset({ featureSet: 'core-v1', bar: BAR, asOfUs })).map(
          ({ values }) => values[0],
        );
      expect(await read(known(10))).toEqual([1]);
      expect(await read(known(100))).toEqual([1.5]);
    });

    it('keeps apart feature sets, bars, times and symbols of any name', async () => {
      await openNew();
      await write([
        vector("O'Neil \\ \u{1f4c8}", 1, [1]),
        vector('ES', 5, [5]),
        vector('ES', 1, [9], { featureSet: 'core-v1+micro-v1' }),
      ]);
      const all = await history.readDataset({ featureSet: 'core-v1', bar: BAR });
      expect(all.map(({ symbol }) => symbol)).toEqual(["O'Neil \\ \u{1f4c8}", 'ES']);
      expect(await history.readDataset({ featureSet: 'core-v1', bar: 'trades:5' })).toEqual([]);
      expect(await history.readDataset({ featureSet: "x' OR '1'='1", bar: BAR })).toEqual([]);
      const late = { featureSet: 'core-v1', bar: BAR, fromTimeUs: START_US + 2 * SECOND_US };
      expect((await history.readDataset(late)).map(({ symbol }) => symbol)).toEqual(['ES']);
    });

    it('tells the names behind a feature set, newest wins', async () => {
      await openNew();
      await write([vector('ES', 1, [1])]);
      await history.putFeatureNames('core-v1', ['old']);
      await history.putFeatureNames('core-v1', ['return_1']);
      expect(await history.featureSets()).toEqual([
        { featureSet: 'core-v1', names: ['return_1'], bars: [BAR] },
      ]);
    });

    it('takes an insert of one token once, whatever its rows, and in the table itself', async () => {
      await openNew();
      const rows = [quote(1, 100), quote(2, 101)].map(tickRow);
      const raw = async () => (await under.rows(`SELECT count() AS n FROM ${database}.ticks`))[0]!['n'];
      await history.insert('ticks', rows, 'market_data/0/0-2');
      await history.insert('ticks', rows, 'market_data/0/0-2');
      expect(Number(await raw())).toBe(2);
      await history.insert('ticks', rows, 'market_data/0/0-3');
      expect(Number(await raw())).toBe(4);
      expect(await history.count('ticks')).toBe(2);
    });

    it('fills a table that was emptied with the rows that it had', async () => {
      await openNew();
      const rows = [{ ...tickRow(quote(1, 100)), recorded_at: 1_700_000_000 }];
      await history.insert('ticks', rows);
      await under.command(`ALTER TABLE ${database}.ticks DELETE WHERE 1 SETTINGS mutations_sync = 1`);
      expect(await history.count('ticks')).toBe(0);
      await history.insert('ticks', rows);
      expect(await history.count('ticks')).toBe(1);
    });

    it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0])(
      'takes whatever a message can hold: time %d, odd numbers, texts and clocks',
      async (timeUs) => {
        await openNew();
        const { bar, ...rest } = vector('\0\'"\\\n\u{1f4c8}', 0, [
          NaN,
          Infinity,
          -0,
          5e-324,
          Number.MAX_VALUE,
        ]);
        const odd: FeatureVector = {
          ...{ ...rest, timeUs, knownTimeUs: timeUs, offset: Number.MAX_SAFE_INTEGER },
          bar: { ...bar, startTimeUs: timeUs, endTimeUs: timeUs, close: Number.MAX_VALUE, buyVolume: NaN },
        };
        const clocks = [
          'time:1000',
          'time:0',
          'time:',
          'time:-1',
          'time:99999999999999999999',
          'trades:5',
          '',
        ];
        await history.insert(
          'bars',
          clocks.map((clock) => barRow(odd, clock)),
        );
        await history.insert('features', [featureRow(odd)]);
        await history.insert('ticks', [
          tickRow({ ...quote(1, 100), eventTimeUs: timeUs, receiveTimeUs: -timeUs }),
        ]);
        const torn = `torn \ud800`;
        await history.insert('quarantine', [
          quarantineRow({
            ...{ reason: 'Malformed', message: torn, source: torn, symbol: torn, origin: torn, raw: torn },
            receiveTimeUs: timeUs,
          }),
        ]);
        expect(await history.count('bars')).toBe(clocks.length);
        expect(await history.contents('features')).toMatchObject([
          { time_us: timeUs, symbol: odd.symbol, values: [null, null, 0, 5e-324, Number.MAX_VALUE] },
        ]);
        expect(await history.contents('ticks')).toMatchObject([{ event_time_us: timeUs }]);
        expect(await history.contents('quarantine')).toMatchObject([{ symbol: 'torn \ufffd' }]);
      },
    );

    it('takes rows of many months in one insert', async () => {
      await openNew();
      const monthUs = 31 * 86_400 * SECOND_US;
      const rows = Array.from({ length: 250 }, (_, month) =>
        featureRow({ ...vector('ES', month, [month]), timeUs: month * monthUs }),
      );
      await history.insert('features', rows);
      expect(await history.count('features')).toBe(250);
    });

    it('makes minute bars of bars, the same when they come again, out of order, corrected, or merged', async () => {
      await openNew();
      const seconds = [2, 0, 59, 1, 60, 30].map((second) =>
        vector('ES', SECONDS_TO_MINUTE + second + 1, [1]),
      );
      const read = () => under.rows(`SELECT * FROM ${database}.bars_minute ORDER BY start_time_us`);
      await write(seconds);
      const first = await read();
      expect(first.map((row) => [row['bar_count'], row['volume'], row['trade_count']].map(Number))).toEqual([
        [5, 15, 20],
        [1, 3, 4],
      ]);
      expect(first[0]).toMatchObject({ symbol: 'ES', open: 1, high: 2, low: 0.5 });
      expect(Number(first[0]!['close'])).toBeCloseTo(1 + (SECONDS_TO_MINUTE + 60) / 10);
      expect(Number(first[0]!['start_time_us']) % (60 * SECOND_US)).toBe(0);
      await write(seconds.slice(1, 4));
      expect(await read()).toEqual(first);
      await under.command(`OPTIMIZE TABLE ${database}.minute_parts FINAL`);
      expect(await read()).toEqual(first);
      const late = vector('ES', SECONDS_TO_MINUTE + 60, [1]);
      await write([
        { ...late, knownTimeUs: late.knownTimeUs + 1, bar: { ...late.bar, high: 1.5, low: 0.75, volume: 1 } },
      ]);
      expect((await read()).map((row) => Number(row['volume']))).toEqual([13, 3]);
    });

    it('feeds the views when an insert is repeated that had reached only the table', async () => {
      await openNew();
      const rows = [barRow(vector('ES', 1, [1]), BAR)];
      const minutes = () => under.rows(`SELECT * FROM ${database}.bars_minute`);
      await history.insert('bars', rows, 'features/0/0-1');
      const whole = await minutes();
      await under.command(`TRUNCATE TABLE ${database}.minute_parts`);
      await history.insert('bars', rows, 'features/0/0-1');
      expect(await minutes()).toEqual(whole);
      expect(whole).toHaveLength(1);
    });

    it('tells how a price moved after each bar, the same when rows come again, out of order, or merged', async () => {
      await openNew();
      const bars = [5, 0, 65, 7].map((second) => vector('ES', second, [1]));
      const read = async () =>
        (
          await under.rows(
            `SELECT * FROM ${database}.outcomes WHERE symbol = 'ES' ORDER BY horizon_us, time_us`,
          )
        ).map((row) => [
          (Number(row['time_us']) - START_US) / SECOND_US,
          Number(row['horizon_us']) / SECOND_US,
          Number(row['direction']),
          Math.round(Number(row['forward_return']) * 1000),
          (Number(row['known_time_us']) - START_US) / SECOND_US,
        ]);
      await write(bars.slice(0, 2));
      await write(bars.slice(1));
      const outcomes = [
        [0, 5, 1, 500, 5.001],
        [5, 60, 1, 4000, 65.001],
      ];
      expect(await read()).toEqual(outcomes);
      await under.command(`OPTIMIZE TABLE ${database}.outcome_prices FINAL`);
      expect(await read()).toEqual(outcomes);
    });

    it('forgets rows so long after they were recorded, and keeps old recordings', async () => {
      await openNew();
      const open = async (days?: number): Promise<void> => {
        await history.close();
        history = await History.open(
          { ...under.address, database },
          days === undefined ? {} : { ticks: days },
        );
      };
      const merged = async () => {
        await under.command(`OPTIMIZE TABLE ${database}.ticks FINAL`);
        return (await history.contents('ticks')).map((row) => Number(row['sequence']));
      };
      const recordedAt = (daysAgo: number): string =>
        new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
      await history.insert('ticks', [
        { ...tickRow(quote(1, 100)), recorded_at: recordedAt(9) },
        { ...tickRow(quote(2, 100)), recorded_at: recordedAt(1) },
      ]);
      expect(await merged()).toEqual([1, 2]);
      await open(20);
      expect(await merged()).toEqual([1, 2]);
      await open(5);
      expect(await merged()).toEqual([2]);
      await open(0);
      await history.insert('ticks', [{ ...tickRow(quote(3, 100)), recorded_at: recordedAt(9) }]);
      expect(await merged()).toEqual([2, 3]);
    });

    it('brings tables of the first version up to date, with what they hold', async () => {
      databases += 1;
      const old = `conformance_${process.pid}_${databases}`;
      await under.command(`CREATE DATABASE ${old}`);
      for (const statement of MIGRATIONS[0]!) await under.command(statement.replaceAll('{db}', old));
      await under.command(
        `CREATE TABLE ${old}.schema_versions (version Int64) ENGINE = ReplacingMergeTree ORDER BY version`,
      );
      await under.command(`INSERT INTO ${old}.schema_versions VALUES (1)`);
      const bar = `'ES', '${BAR}'`;
      for (const second of [0, 5])
        await under.command(
          `INSERT INTO ${old}.bars (symbol, bar, start_time_us, end_time_us, known_time_us, close) VALUES
           (${bar}, 0, ${START_US + second * SECOND_US}, 7, ${100 + second})`,
        );
      await history.close();
      history = await History.open({ ...under.address, database: old });
      expect(await history.count('bars')).toBe(2);
      expect(await under.rows(`SELECT forward_return FROM ${old}.outcomes`)).toEqual([
        { forward_return: 105 / 100 - 1 },
      ]);
    });

    it('is opened again as it was left', async () => {
      await openNew();
      await write([vector('ES', 1, [1])]);
      await history.close();
      history = await History.open({ ...under.address, database });
      expect(await history.count('features')).toBe(1);
    });

    it('leaves tables of a newer version alone', async () => {
      await openNew();
      await under.command(`INSERT INTO ${database}.schema_versions VALUES (999)`);
      await expect(History.open({ ...under.address, database })).rejects.toThrow(HistorySchemaNewer);
    });
  });
}
