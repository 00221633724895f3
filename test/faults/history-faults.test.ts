/** The recorder process while something happens to ClickHouse: what is lost, how long it takes, what it needs, what it tells. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { History } from '../../pkg/history/history.ts';
import { type ClickHouseServer, startClickHouse } from '../servers/clickhouse.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { FaultReport, IS_NIGHTLY } from '../support/fault-report.ts';
import { brokersForTests, openTestLog } from '../support/kafka-log.ts';
import { metricOf, watch } from '../support/process-watch.ts';
import {
  administer,
  appendMarket,
  contentsOf,
  hasReadAll,
  makeTopics,
  rawCounts,
  recordStraight,
} from '../support/recorded-log.ts';
import { type RunningService, startService } from '../support/services.ts';
import { fill, mountDisk, unmountDisk } from '../support/small-disk.ts';
import { IS_WHOLE } from '../support/test-form.ts';

const missing = kafkaMissing();
const DATABASE = 'recorded';
const DISK_BYTES = 400 * 1024 * 1024;
const ROUND = IS_NIGHTLY ? 20_000 : 3000;
/** How long a fault lasts: ten minutes scaled to one. */
const HOLD_MS = IS_NIGHTLY ? 60_000 : 2000;
const WITHIN_MS = 240_000;
const MAX_GROWTH_MIB = 64;
const ALARMS = ['tradewind_recorder_failed_inserts_total', 'tradewind_log_problems_total'];

/** What a fault is done to. */
interface Ground {
  readonly server: ClickHouseServer;
  readonly cable: TcpProxy;
  readonly disk: string | undefined;
}

interface Fault {
  readonly name: string;
  readonly begin: (ground: Ground) => void;
  readonly end: (ground: Ground) => void;
  /** Whether inserts fail meanwhile, and are counted. */
  readonly isTold: boolean;
}

/** On a developer's machine. */
const FEW = new Set(['away', 'disk full']);
const FAULTS: readonly Fault[] = [
  { name: 'nothing', begin: () => undefined, end: () => undefined, isTold: false },
  { name: 'away', begin: ({ cable }) => cable.cut(), end: ({ cable }) => cable.heal(), isTold: true },
  { name: 'half-open', begin: ({ cable }) => cable.stall(), end: ({ cable }) => cable.heal(), isTold: true },
  {
    ...{ name: 'slow, 250 ms each way', isTold: false },
    begin: ({ cable }) => void (cable.delayMs = 250),
    end: ({ cable }) => void (cable.delayMs = 0),
  },
  {
    ...{ name: 'hanging', isTold: true },
    begin: ({ server }) => server.signal('SIGSTOP'),
    end: ({ server }) => server.signal('SIGCONT'),
  },
  {
    ...{ name: 'disk full', isTold: true },
    begin: ({ disk }) => fill(join(disk!, 'filler')),
    end: ({ disk }) => rmSync(join(disk!, 'filler')),
  },
];

describe.skipIf(missing !== undefined)('the recorder while ClickHouse is', () => {
  const brokers = brokersForTests();
  const report = new FaultReport('history', 'fault');
  let folder: string;
  let ground: Ground;
  let log: EventLog;
  let recorder: RunningService;
  let appended = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-history-faults-'));
    const disk = mountDisk(DISK_BYTES);
    const server = await startClickHouse(disk);
    ground = { server, disk, cable: await TcpProxy.start(Number(new URL(server.url).port)) };
    log = await openTestLog(brokers());
    await makeTopics(log);
    const { username, password } = server;
    recorder = await startService('recorder', {
      kafka: { brokers: brokers(), partitions: 2 },
      history: {
        ...{ url: `http://127.0.0.1:${ground.cable.port}`, username, password, database: DATABASE },
        requestTimeoutSeconds: 5,
      },
      recorder: { spool: join(folder, 'spool'), intervalSeconds: 0.1 },
    });
  }, 240_000);
  afterAll(async () => {
    await recorder?.stop('SIGKILL');
    await Promise.all([log?.close(), ground?.cable.stop()]);
    await ground?.server.stop();
    if (ground?.disk !== undefined) unmountDisk(ground.disk);
    await rm(folder, { recursive: true, force: true });
  });

  const append = async (): Promise<void> => {
    await appendMarket(log, appended, ROUND);
    appended += ROUND;
  };

  /** Tables whose rows are not those of a run that nothing disturbed; and rows that lie there twice until they are merged. */
  async function compared(): Promise<{ readonly differing: readonly string[]; readonly rowsTwice: number }> {
    const { url, username, password } = ground.server;
    const database = `straight_${appended}`;
    const straight = await History.open({ url, username, password, database });
    const recorded = await History.open({ url, username, password, database: DATABASE });
    try {
      await recordStraight(log, straight);
      const [wanted, found] = [await contentsOf(straight), await contentsOf(recorded)];
      const [raw, lying] = [
        await rawCounts(ground.server, database),
        await rawCounts(ground.server, DATABASE),
      ];
      return {
        differing: Object.keys(wanted).filter((table) => wanted[table] !== found[table]),
        rowsTwice: Object.keys(raw).reduce((sum, table) => sum + Math.max(0, lying[table]! - raw[table]!), 0),
      };
    } finally {
      await straight.close();
      await recorded.close();
      await administer(ground.server, `DROP DATABASE ${database}`);
    }
  }

  it.each(IS_WHOLE ? FAULTS : FAULTS.filter(({ name }) => FEW.has(name)))(
    '$name',
    async ({ name, begin, end, isTold }) => {
      if (name === 'disk full' && ground.disk === undefined) {
        report.add({ fault: name, skipped: 'a small disk needs root' });
        return;
      }
      await append();
      await eventually(() => hasReadAll(log, 'recorder'), WITHIN_MS, 100);
      const failed = () => metricOf(recorder, ALARMS[0]!);
      const watched = await watch(recorder, ALARMS);
      const before = await failed();
      begin(ground);
      await append();
      await sleep(HOLD_MS);
      if (isTold) await eventually(async () => (await failed()) > before, WITHIN_MS, 100);
      const isAway = (await metricOf(recorder, 'tradewind_recorder_history_away')) === 1;
      end(ground);
      const endedMs = performance.now();
      await eventually(() => hasReadAll(log, 'recorder'), WITHIN_MS, 100);
      const recoverySeconds = Number(((performance.now() - endedMs) / 1000).toFixed(2));
      const seen = await watched.end();
      const rows = await compared();
      report.add({
        fault: name,
        events: appended,
        holdSeconds: HOLD_MS / 1000,
        recoverySeconds,
        isAway,
        ...rows,
        ...seen,
      });
      // None lost, and none twice for who reads the views or FINAL.
      expect(rows.differing).toEqual([]);
      expect(seen.peakGrowthMiB).toBeLessThan(MAX_GROWTH_MIB);
      expect(isAway).toBe(isTold);
      expect(Object.keys(seen.alarms).includes(ALARMS[0]!)).toBe(isTold);
      expect(await metricOf(recorder, 'tradewind_recorder_history_away')).toBe(0);
    },
    600_000,
  );
});
