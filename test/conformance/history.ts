import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { FeatureVector } from '../../pkg/features/feature-vector.ts';
import { HistorySchemaNewer } from '../../pkg/history/errors.ts';
import { History } from '../../pkg/history/history.ts';
import { barRow, featureRow, quarantineRow, tickRow } from '../../pkg/history/rows.ts';
import type { MarketEvent } from '../../pkg/marketdata/events.ts';
import {
  BAR,
  HistoryFixture,
  type HistoryUnderTest,
  quote,
  SECOND_US,
  START_US,
  vector,
} from './history-fixture.ts';
import { historyViews } from './history-views.ts';

/**
 * What every history must do, run by name.
 *
 * @param open - Starts the engine, or connects to the server.
 */
export function describeHistory(name: string, open: () => Promise<HistoryUnderTest>): void {
  describe(`history: ${name}`, () => {
    let at: HistoryFixture;
    beforeAll(async () => {
      at = new HistoryFixture(await open());
      await at.openNew();
    });
    afterAll(() => at.close());

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
      await at.history.insert('ticks', events.map(tickRow));
      const rows = (await at.history.contents('ticks')).filter((row) => row['symbol'] === 'K');
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
        const writer = at.history.writer({ maxBatchRows: 150 });
        await writer.write('ticks', events.slice(time * 50).map(tickRow));
        await writer.flush();
      }
      const rowsOf = async () => (await at.history.contents('ticks')).filter((row) => row['symbol'] === 'ES');
      const before = await rowsOf();
      expect(before).toHaveLength(500);
      expect(before.map((row) => row['bid_price'])).toEqual(events.map((_, i) => 100 + i / 4));
      await at.under.command(`OPTIMIZE TABLE ${at.database}.ticks FINAL`);
      expect(await rowsOf()).toEqual(before);
    });

    it('joins features to the bar that they were computed on, in the order of time and symbol', async () => {
      await at.openNew();
      await at.write([
        vector('NQ', 2, [1, Number.NaN]),
        vector('ES', 2, [2, 0]),
        vector('ES', 1, [Math.PI, -1e-300]),
      ]);
      const rows = await at.history.readDataset({ featureSet: 'core-v1', bar: BAR });
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
      await at.openNew();
      const known = (second: number): number => START_US + second * SECOND_US;
      await at.write([
        vector('ES', 1, [1], { knownTimeUs: known(1) }),
        // The bar of second 2 came an hour late.
        vector('ES', 2, [2], { knownTimeUs: known(3600) }),
        vector('ES', 3, [3], { knownTimeUs: known(3) }),
      ]);
      const read = async (asOfSecond?: number) =>
        (
          await at.history.readDataset({
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
      await at.openNew();
      const known = (second: number): number => START_US + second * SECOND_US;
      await at.write([vector('ES', 1, [1], { knownTimeUs: known(1) })]);
      await at.write([vector('ES', 1, [1.5], { knownTimeUs: known(100) })]);
      await at.under.command(`OPTIMIZE TABLE ${at.database}.features FINAL`);
      await at.under.command(`OPTIMIZE TABLE ${at.database}.bars FINAL`);
      const read = async (asOfUs: number) =>
        (await at.history.readDataset({ featureSet: 'core-v1', bar: BAR, asOfUs })).map(
          ({ values }) => values[0],
        );
      expect(await read(known(10))).toEqual([1]);
      expect(await read(known(100))).toEqual([1.5]);
    });

    it('keeps apart feature sets, bars, times and symbols of any name', async () => {
      await at.openNew();
      await at.write([
        vector("O'Neil \\ \u{1f4c8}", 1, [1]),
        vector('ES', 5, [5]),
        vector('ES', 1, [9], { featureSet: 'core-v1+micro-v1' }),
      ]);
      const all = await at.history.readDataset({ featureSet: 'core-v1', bar: BAR });
      expect(all.map(({ symbol }) => symbol)).toEqual(["O'Neil \\ \u{1f4c8}", 'ES']);
      expect(await at.history.readDataset({ featureSet: 'core-v1', bar: 'trades:5' })).toEqual([]);
      expect(await at.history.readDataset({ featureSet: "x' OR '1'='1", bar: BAR })).toEqual([]);
      const late = { featureSet: 'core-v1', bar: BAR, fromTimeUs: START_US + 2 * SECOND_US };
      expect((await at.history.readDataset(late)).map(({ symbol }) => symbol)).toEqual(['ES']);
    });

    it('tells the names behind a feature set, newest wins', async () => {
      await at.openNew();
      await at.write([vector('ES', 1, [1])]);
      await at.history.putFeatureNames('core-v1', ['old']);
      await at.history.putFeatureNames('core-v1', ['return_1']);
      expect(await at.history.featureSets()).toEqual([
        { featureSet: 'core-v1', names: ['return_1'], bars: [BAR] },
      ]);
    });

    it('takes an insert of one token once, whatever its rows, and in the table itself', async () => {
      await at.openNew();
      const rows = [quote(1, 100), quote(2, 101)].map(tickRow);
      const raw = async () => (await at.under.rows(`SELECT count() AS n FROM ${at.database}.ticks`))[0]!['n'];
      await at.history.insert('ticks', rows, 'market_data/0/0-2');
      await at.history.insert('ticks', rows, 'market_data/0/0-2');
      expect(Number(await raw())).toBe(2);
      await at.history.insert('ticks', rows, 'market_data/0/0-3');
      expect(Number(await raw())).toBe(4);
      expect(await at.history.count('ticks')).toBe(2);
    });

    it('fills a table that was emptied with the rows that it had', async () => {
      await at.openNew();
      const rows = [{ ...tickRow(quote(1, 100)), recorded_at: 1_700_000_000 }];
      await at.history.insert('ticks', rows);
      await at.under.command(`ALTER TABLE ${at.database}.ticks DELETE WHERE 1 SETTINGS mutations_sync = 1`);
      expect(await at.history.count('ticks')).toBe(0);
      await at.history.insert('ticks', rows);
      expect(await at.history.count('ticks')).toBe(1);
    });

    it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0])(
      'takes whatever a message can hold: time %d, odd numbers, texts and clocks',
      async (timeUs) => {
        await at.openNew();
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
        await at.history.insert(
          'bars',
          clocks.map((clock) => barRow(odd, clock)),
        );
        await at.history.insert('features', [featureRow(odd)]);
        await at.history.insert('ticks', [
          tickRow({ ...quote(1, 100), eventTimeUs: timeUs, receiveTimeUs: -timeUs }),
        ]);
        const torn = `torn \ud800`;
        await at.history.insert('quarantine', [
          quarantineRow({
            ...{ reason: 'Malformed', message: torn, source: torn, symbol: torn, origin: torn, raw: torn },
            receiveTimeUs: timeUs,
          }),
        ]);
        expect(await at.history.count('bars')).toBe(clocks.length);
        expect(await at.history.contents('features')).toMatchObject([
          { time_us: timeUs, symbol: odd.symbol, values: [null, null, 0, 5e-324, Number.MAX_VALUE] },
        ]);
        expect(await at.history.contents('ticks')).toMatchObject([{ event_time_us: timeUs }]);
        expect(await at.history.contents('quarantine')).toMatchObject([{ symbol: 'torn \ufffd' }]);
      },
    );

    it('takes rows of many months in one insert', async () => {
      await at.openNew();
      const monthUs = 31 * 86_400 * SECOND_US;
      const rows = Array.from({ length: 250 }, (_, month) =>
        featureRow({ ...vector('ES', month, [month]), timeUs: month * monthUs }),
      );
      await at.history.insert('features', rows);
      expect(await at.history.count('features')).toBe(250);
    });

    it('is opened again as it was left', async () => {
      await at.openNew();
      await at.write([vector('ES', 1, [1])]);
      await at.history.close();
      at.history = await History.open({ ...at.under.address, database: at.database });
      expect(await at.history.count('features')).toBe(1);
    });

    it('leaves tables of a newer version alone', async () => {
      await at.openNew();
      await at.under.command(`INSERT INTO ${at.database}.schema_versions VALUES (999)`);
      await expect(History.open({ ...at.under.address, database: at.database })).rejects.toThrow(
        HistorySchemaNewer,
      );
    });

    historyViews(() => at);
  });
}
