import { expect, it } from 'vitest';

import { History } from '../../pkg/history/history.ts';
import { MIGRATIONS } from '../../pkg/history/migrations.ts';
import { barRow, tickRow } from '../../pkg/history/rows.ts';
import {
  BAR,
  type HistoryFixture,
  quote,
  SECOND_US,
  SECONDS_TO_MINUTE,
  START_US,
  vector,
} from './history-fixture.ts';

/** What is made of rows by the engine itself: views, retention, newer versions of the tables. @param fixture - Asked when a test runs. */
export function historyViews(fixture: () => HistoryFixture): void {
  it('makes minute bars of bars, the same when they come again, out of order, corrected, or merged', async () => {
    const at = fixture();
    await at.openNew();
    const seconds = [2, 0, 59, 1, 60, 30].map((second) => vector('ES', SECONDS_TO_MINUTE + second + 1, [1]));
    const read = () => at.under.rows(`SELECT * FROM ${at.database}.bars_minute ORDER BY start_time_us`);
    await at.write(seconds);
    const first = await read();
    expect(first.map((row) => [row['bar_count'], row['volume'], row['trade_count']].map(Number))).toEqual([
      [5, 15, 20],
      [1, 3, 4],
    ]);
    expect(first[0]).toMatchObject({ symbol: 'ES', open: 1, high: 2, low: 0.5 });
    expect(Number(first[0]!['close'])).toBeCloseTo(1 + (SECONDS_TO_MINUTE + 60) / 10);
    expect(Number(first[0]!['start_time_us']) % (60 * SECOND_US)).toBe(0);
    await at.write(seconds.slice(1, 4));
    expect(await read()).toEqual(first);
    await at.under.command(`OPTIMIZE TABLE ${at.database}.minute_parts FINAL`);
    expect(await read()).toEqual(first);
    const late = vector('ES', SECONDS_TO_MINUTE + 60, [1]);
    await at.write([
      { ...late, knownTimeUs: late.knownTimeUs + 1, bar: { ...late.bar, high: 1.5, low: 0.75, volume: 1 } },
    ]);
    expect((await read()).map((row) => Number(row['volume']))).toEqual([13, 3]);
  });

  it('feeds the views when an insert is repeated that had reached only the table', async () => {
    const at = fixture();
    await at.openNew();
    const rows = [barRow(vector('ES', 1, [1]), BAR)];
    const minutes = () => at.under.rows(`SELECT * FROM ${at.database}.bars_minute`);
    await at.history.insert('bars', rows, 'features/0/0-1');
    const whole = await minutes();
    await at.under.command(`TRUNCATE TABLE ${at.database}.minute_parts`);
    await at.history.insert('bars', rows, 'features/0/0-1');
    expect(await minutes()).toEqual(whole);
    expect(whole).toHaveLength(1);
  });

  it('tells how a price moved after each bar, the same when rows come again, out of order, or merged', async () => {
    const at = fixture();
    await at.openNew();
    const bars = [5, 0, 65, 7].map((second) => vector('ES', second, [1]));
    const read = async () =>
      (
        await at.under.rows(
          `SELECT * FROM ${at.database}.outcomes WHERE symbol = 'ES' ORDER BY horizon_us, time_us`,
        )
      ).map((row) => [
        (Number(row['time_us']) - START_US) / SECOND_US,
        Number(row['horizon_us']) / SECOND_US,
        Number(row['direction']),
        Math.round(Number(row['forward_return']) * 1000),
        (Number(row['known_time_us']) - START_US) / SECOND_US,
      ]);
    await at.write(bars.slice(0, 2));
    await at.write(bars.slice(1));
    const outcomes = [
      [0, 5, 1, 500, 5.001],
      [5, 60, 1, 4000, 65.001],
    ];
    expect(await read()).toEqual(outcomes);
    await at.under.command(`OPTIMIZE TABLE ${at.database}.outcome_prices FINAL`);
    expect(await read()).toEqual(outcomes);
  });

  it('forgets rows so long after they were recorded, and keeps old recordings', async () => {
    const at = fixture();
    await at.openNew();
    const open = async (days?: number): Promise<void> => {
      await at.history.close();
      at.history = await History.open(
        { ...at.under.address, database: at.database },
        days === undefined ? {} : { ticks: days },
      );
    };
    const merged = async () => {
      await at.under.command(`OPTIMIZE TABLE ${at.database}.ticks FINAL`);
      return (await at.history.contents('ticks')).map((row) => Number(row['sequence']));
    };
    const recordedAt = (daysAgo: number): string =>
      new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
    await at.history.insert('ticks', [
      { ...tickRow(quote(1, 100)), recorded_at: recordedAt(9) },
      { ...tickRow(quote(2, 100)), recorded_at: recordedAt(1) },
    ]);
    expect(await merged()).toEqual([1, 2]);
    await open(20);
    expect(await merged()).toEqual([1, 2]);
    await open(5);
    expect(await merged()).toEqual([2]);
    await open(0);
    await at.history.insert('ticks', [{ ...tickRow(quote(3, 100)), recorded_at: recordedAt(9) }]);
    expect(await merged()).toEqual([2, 3]);
  });

  it('brings tables of the first version up to date, with what they hold', async () => {
    const at = fixture();
    const old = at.newName();
    await at.under.command(`CREATE DATABASE ${old}`);
    for (const statement of MIGRATIONS[0]!) await at.under.command(statement.replaceAll('{db}', old));
    await at.under.command(
      `CREATE TABLE ${old}.schema_versions (version Int64) ENGINE = ReplacingMergeTree ORDER BY version`,
    );
    await at.under.command(`INSERT INTO ${old}.schema_versions VALUES (1)`);
    const bar = `'ES', '${BAR}'`;
    for (const second of [0, 5])
      await at.under.command(
        `INSERT INTO ${old}.bars (symbol, bar, start_time_us, end_time_us, known_time_us, close) VALUES
         (${bar}, 0, ${START_US + second * SECOND_US}, 7, ${100 + second})`,
      );
    await at.history.close();
    at.history = await History.open({ ...at.under.address, database: old });
    expect(await at.history.count('bars')).toBe(2);
    expect(await at.under.rows(`SELECT forward_return FROM ${old}.outcomes`)).toEqual([
      { forward_return: 105 / 100 - 1 },
    ]);
  });
}
