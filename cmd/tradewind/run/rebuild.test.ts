import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../../pkg/eventlog/event-log.ts';
import { History } from '../../../pkg/history/history.ts';
import type { OnlineStore } from '../../../pkg/onlinestore/online-store.ts';
import { type ClickHouseServer, startClickHouse } from '../../../test/servers/clickhouse.ts';
import { kafkaMissing } from '../../../test/servers/kafka.ts';
import { redisMissing, type RedisServer, startRedis } from '../../../test/servers/redis.ts';
import { runCli } from '../../../test/support/cli.ts';
import { brokersForTests, openTestLog } from '../../../test/support/kafka-log.ts';
import {
  administer,
  appendMarket,
  contentsOf,
  makeTopics,
  rawCounts,
  recordStraight,
} from '../../../test/support/recorded-log.ts';
import { openTestStore } from '../../../test/support/redis-store.ts';

const missing = kafkaMissing() ?? redisMissing();
const QUOTES = 3000;
const START_MS = 120_000;

describe.skipIf(missing !== undefined)('tradewind rebuild', { timeout: 60_000 }, () => {
  const brokers = brokersForTests();
  let folder: string;
  let config: string;
  let clickhouse: ClickHouseServer;
  let redis: RedisServer;
  let log: EventLog;
  let store: OnlineStore;
  let history: History;
  let expected: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tradewind-rebuild-'));
    config = join(folder, 'recorder.json');
    [clickhouse, redis] = await Promise.all([startClickHouse(), startRedis()]);
    const { url, username, password } = clickhouse;
    writeFileSync(
      config,
      JSON.stringify({
        kafka: { brokers: brokers(), partitions: 2 },
        history: { url, username, database: 'rebuilt' },
        redis: { mode: 'single', addresses: [redis.address], prefix: 'rebuilt' },
      }),
    );
    log = await openTestLog(brokers());
    await makeTopics(log);
    await appendMarket(log, 0, QUOTES);
    const straight = await History.open({ url, username, password, database: 'straight' });
    await recordStraight(log, straight);
    expected = await contentsOf(straight);
    await straight.close();
    history = await History.open({ url, username, password, database: 'rebuilt' });
    store = await openTestStore({ mode: 'single', addresses: [redis.address], prefix: 'rebuilt' });
  }, START_MS);
  afterAll(async () => {
    await Promise.all([history?.close(), store?.close(), log?.close()]);
    await Promise.all([clickhouse?.stop(), redis?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = (...args: readonly string[]) =>
    runCli(['rebuild', ...args, '--config', config], { TRADEWIND_HISTORY_PASSWORD: clickhouse.password });
  const json = async (...args: readonly string[]): Promise<unknown> => {
    const { stdout, stderr } = await cli(...args, '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  const sameRows = async (): Promise<void> => {
    const contents = await contentsOf(history);
    for (const [table, rows] of Object.entries(expected))
      expect(contents[table] === rows, `rows of ${table}`).toBe(true);
  };

  it('writes history anew, and again what was lost from it, and nothing twice', async () => {
    expect(await json('history', '--from', 'earliest')).toMatchObject({
      topics: [
        { topic: 'market_data', records: QUOTES, skipped: 0 },
        { topic: 'features', records: QUOTES / 10, skipped: 0 },
        { topic: 'signals', records: 0, skipped: 0 },
        { topic: 'quarantine', records: 0, skipped: 0 },
      ],
      rows: { ticks: QUOTES - 4, quarantine: 4, bars: QUOTES / 10, features: QUOTES / 10 },
    });
    await sameRows();
    await administer(
      clickhouse,
      'TRUNCATE TABLE rebuilt.ticks',
      'ALTER TABLE rebuilt.features DELETE WHERE offset % 3 = 0 SETTINGS mutations_sync = 1',
    );
    const { code, stdout } = await cli('history', '--from', '0');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^market_data +3000 +0$/m);
    await sameRows();
    await administer(clickhouse, 'OPTIMIZE TABLE rebuilt.bars FINAL');
    expect((await rawCounts(clickhouse, 'rebuilt'))['bars']).toBe(QUOTES / 10);
  });

  it('writes from an offset or a time on', async () => {
    await administer(clickhouse, 'TRUNCATE TABLE rebuilt.ticks');
    const positions = await log.positions('market_data');
    const fromOffset = (await json('history', '--from', '1000')) as { topics: { records: number }[] };
    const rest = positions.reduce((sum, { endOffset }) => sum + Math.max(0, endOffset - 1000), 0);
    expect(fromOffset.topics[0]!.records).toBe(rest);
    const fromTime = await json('history', '--from', '2023-11-14T22:13:22.000Z');
    expect(fromTime).toMatchObject({
      topics: [{ records: QUOTES - 2000, skipped: 2000 }, { skipped: 2 }, {}, {}],
    });
    expect(await json('history', '--from', '999999999')).toMatchObject({
      topics: [{ records: 0 }, {}, {}, {}],
    });
  });

  it('writes the newest features into an emptied Redis, and leaves what is newer', async () => {
    const newest = async () => {
      const found = await store.getFeatures('core-v1', ['ES', 'NQ', 'YM', 'RTY']);
      return found.map((one) => one?.offset);
    };
    expect(await newest()).toEqual([undefined, undefined, undefined, undefined]);
    expect(await json('redis', '--from', 'earliest')).toMatchObject({
      topics: [{ topic: 'features', records: QUOTES / 10 }],
    });
    expect(await newest()).toEqual([2960, 2970, 2980, 2990]);
    await redis.admin.flushall();
    const [first] = await store.putFeatures([
      {
        ...{ symbol: 'ES', featureSet: 'core-v1', timeUs: 1, knownTimeUs: 1, offset: 9e9 },
        values: new Float64Array(3),
      },
    ]);
    expect(first).toBe(true);
    await json('redis', '--from', 'earliest');
    expect(await newest()).toEqual([9e9, 2970, 2980, 2990]);
  });

  it('says in one line what is wrong', async () => {
    const place = await cli('history', '--from', 'yesterday');
    expect(place.code).toBe(2);
    expect(place.stderr).toMatch(/^tradewind: FlagsInvalid: .*--from.*was 'yesterday'.*\n$/);
    const none = await runCli(['rebuild', 'redis', '--from', 'earliest', '--config', config], {
      TRADEWIND_REDIS_MODE: 'none',
    });
    expect(none.stderr).toMatch(/redis\.mode: must be single/);
    const wrong = await runCli(['rebuild', 'history', '--from', 'earliest', '--config', config], {
      TRADEWIND_HISTORY_PASSWORD: 'wrong',
    });
    expect(wrong).toMatchObject({ code: 5, stdout: '' });
    expect(wrong.stderr).toBe(
      'tradewind: HistoryLoginFailed: user and password of the history must be right, the server refuses them\n',
    );
  });
});
