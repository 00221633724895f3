import { setTimeout as sleep } from 'node:timers/promises';

import { OffsetOutOfRange } from '../eventlog/errors.ts';
import type {
  ConsumerHandler,
  EventLog,
  LogRecord,
  PartitionAssignment,
  RecordBatch,
} from '../eventlog/event-log.ts';
import { SCHEMA_VERSION } from '../history/migrations.ts';
import { untilDone } from '../history/retry.ts';
import type { InsertRows } from '../history/writer.ts';
import type { Clock } from '../runtime/clock.ts';
import { crashPoint } from '../runtime/crash-point.ts';
import type { Span } from '../tracing/tracer.ts';
import type { MessageSpans } from './message-spans.ts';
import type { RecorderObserver } from './recorder-metrics.ts';
import type { RowsOf } from './recorder-rows.ts';
import { digestOf, type Spool, type SpooledBatch } from './recorder-spool.ts';
import { Slots } from './slots.ts';

export interface DurableRecorderOptions {
  readonly topics: ReadonlyMap<string, RowsOf>;
  readonly insert: InsertRows;
  readonly spool: Spool;
  readonly log: Pick<EventLog, 'committed' | 'read'>;
  /** Group that the recorder is a member of. */
  readonly group: string;
  readonly clock: Clock;
  readonly observer: RecorderObserver;
  /** Stops trying and waiting; what was not written is read again by the next to own its partition. */
  readonly signal: AbortSignal;
  /** Uniform in [0, 1), for the pauses between tries. */
  readonly jitter: () => number;
  /** Milliseconds from one insert of a partition to the next where little comes: ClickHouse wants few inserts of many rows. */
  readonly intervalMs: number;
  /** Absent where tracing is off. */
  readonly spans?: MessageSpans;
}

/** Batches that are decoded and written at once: bounds memory whatever the number of partitions. */
const BATCHES_AT_ONCE = 4;
/** A batch this large was cut by a bound, not by the end of the log: more waits. */
const FULL_BATCH_BYTES = 512 * 1024;

/**
 * Everything that the log carries, into history, for a process that has nothing but the log. A batch is a range of offsets of one partition. It is on
 * disk before it is first tried, is tried until it is written, always with the same rows and token, and only then are its offsets committed: a
 * history that is away stops the reading, and the log keeps what comes.
 */
export class DurableRecorder implements ConsumerHandler {
  readonly #options: DurableRecorderOptions;
  readonly #slots = new Slots(BATCHES_AT_ONCE);

  constructor(options: DurableRecorderOptions) {
    this.#options = options;
  }

  /** Ends first what the last process with this spool had begun; goes on behind it where nobody else has been there since. */
  async onAssigned({ topic, partition }: PartitionAssignment): Promise<number | undefined> {
    const { spool, log, group } = this.#options;
    const batch = await spool.load(topic, partition);
    if (batch === undefined) return undefined;
    const committed = await log.committed(group, topic, partition);
    if (committed !== undefined && committed >= batch.to) return undefined;
    await this.#slots.run(() => this.#write(batch));
    const isUntouched = committed === undefined || committed <= batch.from;
    return isUntouched && (await this.#isOfThisLog(batch)) ? batch.to : undefined;
  }

  async onBatch({ topic, partition, records }: RecordBatch): Promise<void> {
    const rowsOf = this.#options.topics.get(topic);
    if (rowsOf === undefined) return;
    crashPoint('recorder:after-commit');
    const { spool, clock } = this.#options;
    const begunMs = clock.monotonicMs();
    const tookUs = clock.nowUs();
    await this.#slots.run(async () => {
      const batch: SpooledBatch = {
        ...{ topic, partition, from: records[0]!.offset, to: records.at(-1)!.offset + 1 },
        ...{ digest: digestOf(records), lastDigest: digestOf(records.slice(-1)), rows: rowsOf(records) },
      };
      const traced = this.#traced(records, tookUs);
      await spool.save(batch);
      crashPoint('recorder:after-spool');
      const inserts = traced.map((span) => beginInsert(span, batch));
      await this.#write(batch);
      for (const span of [...inserts, ...traced]) span.end();
      crashPoint('recorder:after-insert');
    });
    if (bytesOf(records) < FULL_BATCH_BYTES) await this.#pauseUntil(begunMs + this.#options.intervalMs);
  }

  /** The work on those records whose trace is recorded. */
  #traced(records: readonly LogRecord[], tookUs: number): readonly Span[] {
    const { spans } = this.#options;
    return spans === undefined ? [] : records.flatMap((record) => spans.processing(record, tookUs) ?? []);
  }

  async #write(batch: SpooledBatch): Promise<void> {
    const { insert, observer, signal, jitter } = this.#options;
    const token = tokenOf(batch);
    for (const [table, rows] of batch.rows) {
      const onFailed = (): void => observer.onFailed(table);
      await untilDone(() => insert(table, rows, token), { signal, jitter, onFailed });
      observer.onWritten(table, rows.length);
    }
  }

  /** Offsets of a topic that was deleted and made again mean other records. */
  async #isOfThisLog({ topic, partition, to, lastDigest }: SpooledBatch): Promise<boolean> {
    try {
      for await (const record of this.#options.log.read(topic, partition, to - 1))
        return record.offset === to - 1 && digestOf([record]) === lastDigest;
    } catch (error) {
      if (!(error instanceof OffsetOutOfRange)) throw error;
    }
    return false;
  }

  async #pauseUntil(timeMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    const waitMs = timeMs - clock.monotonicMs();
    if (waitMs <= 0 || signal.aborted) return;
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The insert of a batch, in the trace of one of its records. */
function beginInsert(work: Span, { rows }: SpooledBatch): Span {
  const tables = [...rows].map(([table]) => table);
  const count = [...rows].reduce((sum, [, some]) => sum + some.length, 0);
  return work.child('recorder.insert', {
    kind: 'client',
    attributes: {
      'db.system.name': 'clickhouse',
      'db.operation.name': 'INSERT',
      'db.collection.name': tables.join(','),
      'db.operation.batch.size': count,
    },
  });
}

/** Names the rows by where they come from and what they are: no other rows of a table can be taken for them. */
function tokenOf({ topic, partition, from, to, digest }: SpooledBatch): string {
  return `${topic}/${partition}/${from}-${to}/v${SCHEMA_VERSION}/${digest.slice(0, 16)}`;
}

function bytesOf(records: readonly LogRecord[]): number {
  return records.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
}
