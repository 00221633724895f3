import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { History } from '../../pkg/history/history.ts';
import { TABLES } from '../../pkg/history/schema.ts';
import { type ClickHouseServer, startClickHouse } from '../servers/clickhouse.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests, openTestLog } from '../support/kafka-log.ts';
import {
  administer,
  appendJunk,
  appendMarket,
  contentsOf,
  hasReadAll,
  makeTopics,
  rawCounts,
  recordStraight,
} from '../support/recorded-log.ts';
import { type RunningService, startService } from '../support/services.ts';

const missing = kafkaMissing();
const DATABASE = 'recorded';
const ROUND = 3_000;
/** Large records that come while history is away. */
const JUNK = 700;
const MAX_GROWTH_BYTES = 64 * 2 ** 20;
const WITHIN_MS = 40_000;

/** The recorder process, on Kafka brokers and on a ClickHouse behind a cable; each test goes on where the last has left both. */
describe.skipIf(missing !== undefined)('the recorder', () => {
  const brokers = brokersForTests();
  let folder: string;
  let server: ClickHouseServer;
  let cable: TcpProxy;
  let log: EventLog;
  let recorder: RunningService;
  let appended = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-recorder-'));
    server = await startClickHouse();
    // Else rows that came twice might be merged before they are counted.
    await administer(server, 'SYSTEM STOP MERGES');
    cable = await TcpProxy.start(Number(new URL(server.url).port));
    log = await openTestLog(brokers());
    await makeTopics(log);
    recorder = await startService('recorder', {
      kafka: { brokers: brokers(), partitions: 2 },
      history: {
        url: `http://127.0.0.1:${cable.port}`,
        ...{ username: server.username, password: server.password, database: DATABASE },
        requestTimeoutSeconds: 2,
      },
      recorder: { spool: join(folder, 'spool'), intervalSeconds: 0.1 },
    });
  }, 120_000);
  afterAll(async () => {
    await recorder?.stop('SIGKILL');
    await log?.close();
    await cable?.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const append = async (quotes: number): Promise<void> => {
    await appendMarket(log, appended, quotes);
    appended += quotes;
  };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://${recorder.address('http')}/metrics`)).text();
    return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  };
  const failures = () => metric('tradewind_recorder_failed_inserts_total');

  /** Waits until all is read, and compares every row with those of a run that nothing disturbed. */
  const expectNothingLostOrDoubled = async (isExact: boolean): Promise<void> => {
    await eventually(() => hasReadAll(log, 'recorder'), WITHIN_MS);
    const address = { url: server.url, username: server.username, password: server.password };
    const straight = await History.open({ ...address, database: `straight_${appended}` });
    const recorded = await History.open({ ...address, database: DATABASE });
    try {
      await recordStraight(log, straight);
      const expected = await contentsOf(straight);
      const same = async (): Promise<void> => {
        const contents = await contentsOf(recorded);
        for (const [table, rows] of Object.entries(expected))
          expect(contents[table] === rows, `rows of ${table}`).toBe(true);
      };
      await same();
      // Not even before a merge is there a row twice: the second try was told from the first by its token.
      if (isExact)
        expect(await rawCounts(server, DATABASE)).toEqual(await rawCounts(server, `straight_${appended}`));
      const optimize = Object.keys(TABLES).map((table) => `OPTIMIZE TABLE ${DATABASE}.${table} FINAL`);
      await administer(server, 'SYSTEM START MERGES', ...optimize, 'SYSTEM STOP MERGES');
      await same();
    } finally {
      await straight.close();
      await recorded.close();
    }
  };

  it('writes what it reads, and the names of what is in a vector', async () => {
    await append(ROUND);
    await expectNothingLostOrDoubled(true);
    const history = await History.open({ ...server, database: DATABASE });
    const [set] = await history.featureSets();
    await history.close();
    expect(set).toMatchObject({ featureSet: 'core-v1+micro-v1', bars: ['time:1000'] });
    expect(set!.names).toContain('return_1');
  }, 60_000);

  it('keeps the answer that it did not get from doubling rows', async () => {
    let cuts = 0;
    const inserting = new Set<number>();
    cable.tap = (direction, bytes, connection) => {
      if (direction === 'toServer' && bytes.includes('INSERT')) inserting.add(connection);
      if (direction === 'toServer' || !inserting.delete(connection) || cuts >= 5) return true;
      cuts += 1;
      return false;
    };
    const before = await failures();
    await append(ROUND);
    await expectNothingLostOrDoubled(true);
    cable.tap = undefined;
    expect(cuts).toBe(5);
    expect((await failures()) - before).toBe(5);
  }, 60_000);

  it('writes to a slow ClickHouse, and to one that stopped answering', async () => {
    cable.delayMs = 100;
    await append(ROUND);
    await eventually(() => hasReadAll(log, 'recorder'), WITHIN_MS);
    cable.delayMs = 0;
    server.signal('SIGSTOP');
    const before = await failures();
    await append(ROUND);
    await eventually(async () => (await failures()) > before, WITHIN_MS);
    server.signal('SIGCONT');
    await expectNothingLostOrDoubled(true);
  }, 60_000);

  it('goes on when ClickHouse was killed in the middle of an insert', async () => {
    let isKilled = false;
    cable.tap = (direction, bytes) => {
      if (isKilled || direction !== 'toServer' || !bytes.includes('INSERT')) return true;
      isKilled = true;
      setImmediate(() => void server.kill());
      return true;
    };
    await append(ROUND);
    await eventually(() => isKilled);
    await server.kill();
    await server.start();
    await expectNothingLostOrDoubled(false);
    cable.tap = undefined;
  }, 60_000);

  it('waits for a ClickHouse that is away with bounded memory, then writes all', async () => {
    const before = await metric('process_resident_memory_bytes');
    cable.cut();
    await append(ROUND);
    expect(await appendJunk(log, JUNK)).toBeGreaterThan(MAX_GROWTH_BYTES);
    const failed = await failures();
    await eventually(async () => (await failures()) >= failed + 6, WITHIN_MS);
    expect((await metric('process_resident_memory_bytes')) - before).toBeLessThan(MAX_GROWTH_BYTES);
    expect(await metric('tradewind_recorder_history_away')).toBe(1);
    cable.heal();
    await expectNothingLostOrDoubled(false);
    expect(await metric('tradewind_recorder_history_away')).toBe(0);
  }, 90_000);

  it('stops in order while ClickHouse is away, and the next one writes what it could not', async () => {
    cable.cut();
    await append(ROUND);
    const before = await failures();
    await eventually(async () => (await failures()) > before, WITHIN_MS);
    expect(await recorder.stop('SIGTERM')).toBe(0);
    cable.heal();
    recorder = await startService('recorder', {
      kafka: { brokers: brokers(), partitions: 2 },
      history: {
        url: server.url,
        ...{ username: server.username, password: server.password, database: DATABASE },
      },
      recorder: { spool: join(folder, 'spool'), intervalSeconds: 0.1 },
    });
    await expectNothingLostOrDoubled(false);
  }, 60_000);
});
