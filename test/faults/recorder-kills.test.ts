import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { History } from '../../pkg/history/history.ts';
import { type ClickHouseServer, startClickHouse } from '../servers/clickhouse.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { startProcess } from '../servers/processes.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests, openTestLog } from '../support/kafka-log.ts';
import {
  administer,
  appendMarket,
  contentsOf,
  hasReadAll,
  makeTopics,
  rawCounts,
  recordStraight,
} from '../support/recorded-log.ts';
import { IS_WHOLE } from '../support/test-form.ts';
import { MOMENTS, type RecorderProcess } from './recorder-process.ts';

const missing = kafkaMissing();
const PROGRAM = fileURLToPath(new URL('./recorder-process.ts', import.meta.url));
const QUOTES = 4_000;
const SESSION_MS = 1_000;
const WITHIN_MS = 30_000;

describe.skipIf(missing !== undefined)('a recorder that is killed', () => {
  const brokers = brokersForTests();
  let folder: string;
  let server: ClickHouseServer;
  let log: EventLog;
  let straight: History;
  let expected: Readonly<Record<string, string>>;
  let expectedRaw: Readonly<Record<string, number>>;

  const addressOf = (database: string) => {
    const { url, username, password } = server;
    return { url, username, password, database };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-kills-'));
    server = await startClickHouse();
    // Else rows that came twice might be merged before they are counted.
    await administer(server, 'SYSTEM STOP MERGES');
    log = await openTestLog(brokers());
    await makeTopics(log);
    await appendMarket(log, 0, QUOTES);
    straight = await History.open(addressOf('straight'));
    await recordStraight(log, straight);
    expected = await contentsOf(straight);
    expectedRaw = await rawCounts(server, 'straight');
  }, 120_000);
  afterAll(async () => {
    await straight?.close();
    await log?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(MOMENTS.map((moment, at) => [moment, at] as const).slice(0, IS_WHOLE ? undefined : 2))(
    '%s is followed by one that ends with the same rows, none twice',
    async (moment, at) => {
      const database = `killed_${at}`;
      const group = `recorder-${at}`;
      const settings: RecorderProcess = {
        ...{ brokers: brokers(), history: addressOf(database), spool: join(folder, database), group },
        ...{ sessionTimeoutMs: SESSION_MS, maxBatchRecords: 100 },
      };
      const start = (one: RecorderProcess) =>
        startProcess(
          process.execPath,
          ['--disable-warning=ExperimentalWarning', PROGRAM, JSON.stringify(one)],
          join(folder, `${database}.log`),
        );
      const killed = start({ ...settings, death: { moment, batch: 2 } });
      await eventually(() => !isAlive(killed.pid), WITHIN_MS);
      expect(await hasReadAll(log, group)).toBe(false);
      // Another cut of the log than the one that died would make other batches of it.
      const next = start({ ...settings, maxBatchRecords: 230 });
      await eventually(() => hasReadAll(log, group), WITHIN_MS);
      await next.end('SIGKILL');
      expect(await rawCounts(server, database)).toEqual(expectedRaw);
      const history = await History.open(addressOf(database));
      const contents = await contentsOf(history);
      await history.close();
      for (const [table, rows] of Object.entries(expected))
        expect(contents[table] === rows, `rows of ${table}`).toBe(true);
    },
    60_000,
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
