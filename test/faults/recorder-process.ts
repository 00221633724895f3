/**
 * A recorder in a process of its own that kills itself, as `kill -9` would, at a named moment. Its one argument is JSON:
 * {@link RecorderProcess}.
 */
import { History } from '../../pkg/history/history.ts';
import type { InsertRows } from '../../pkg/history/writer.ts';
import { DurableRecorder } from '../../pkg/pipeline/recorder-durable.ts';
import { Spool, type SpooledBatch } from '../../pkg/pipeline/recorder-spool.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { openTestLog } from '../support/kafka-log.ts';
import { RECORDED } from '../support/recorded-log.ts';

/** Moments in the life of a batch, in their order. */
export const MOMENTS = [
  'before it is spooled',
  'after it is spooled',
  'while an insert is under way',
  'between two tables of a batch',
  'after it is written',
] as const;

export interface RecorderProcess {
  readonly brokers: readonly string[];
  readonly history: Parameters<typeof History.open>[0];
  readonly spool: string;
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly maxBatchRecords: number;
  /** When to die, and at which batch that comes there, from 1 on; without it the process lives. */
  readonly death?: { readonly moment: (typeof MOMENTS)[number]; readonly batch: number };
}

async function run(settings: RecorderProcess): Promise<void> {
  const { brokers, spool, group, sessionTimeoutMs, maxBatchRecords, death } = settings;
  let batches = 0;
  const pass = (moment: (typeof MOMENTS)[number]): void => {
    if (moment !== death?.moment) return;
    batches += 1;
    if (batches >= death.batch) process.kill(process.pid, 'SIGKILL');
  };
  const history = await History.open(settings.history);
  const log = await openTestLog(brokers, { sessionTimeoutMs });

  class WatchedSpool extends Spool {
    override async save(batch: SpooledBatch): Promise<void> {
      pass('before it is spooled');
      await super.save(batch);
      pass('after it is spooled');
    }
  }
  const insert: InsertRows = async (table, rows, token) => {
    const inserting = history.insert(table, rows, token);
    // By then the request is on its way, and the answer is not back.
    setImmediate(() => setImmediate(() => pass('while an insert is under way')));
    await inserting;
    if (table === 'bars') pass('between two tables of a batch');
  };
  const recorder = new DurableRecorder({
    ...{ topics: RECORDED, insert, log, group, clock: systemClock },
    spool: new WatchedSpool(spool),
    observer: { onWritten: () => undefined, onFailed: () => undefined },
    signal: new AbortController().signal,
    jitter: () => 0,
    intervalMs: 0,
  });
  await log.consume(
    { group, topics: [...RECORDED.keys()], maxBatchRecords },
    {
      onAssigned: (assignment) => recorder.onAssigned(assignment),
      onBatch: async (batch) => {
        await recorder.onBatch(batch);
        pass('after it is written');
      },
    },
  );
}

if (import.meta.main) await run(JSON.parse(process.argv[2]!) as RecorderProcess);
