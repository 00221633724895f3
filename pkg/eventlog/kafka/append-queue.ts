import type { Pace } from '../../runtime/pace.ts';
import { LogClosed, RecordTooLarge } from '../errors.ts';
import { MAX_RECORD_BYTES, type NewRecord, type RecordPlace } from '../event-log.ts';
import type { Chunk, Outcome } from './producer.ts';
import { sizeOf, toMessage } from './records.ts';

/** Bytes of a batch: brokers take 1,048,588 with its frame unless they are told otherwise. */
const MAX_BATCH_BYTES = 1_048_000;
/** Bytes that are taken from the queue at once. */
const MAX_ROUND_BYTES = 8_388_608;

/** A record on its way, with its place in the answer to its caller. */
interface Pending {
  readonly record: NewRecord;
  readonly bytes: number;
  readonly append: Append;
  readonly at: number;
}

interface Append {
  readonly topic: string;
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly places: RecordPlace[];
  error: Error | undefined;
  readonly settled: PromiseWithResolvers<readonly RecordPlace[]>;
}

/** Partition of a key of one topic. */
export type Partitioner = (key: string) => number;

/** Appends in the order of the calls; what comes while a request is under way goes together into the next. */
export class AppendQueue {
  readonly #send: (chunks: readonly Chunk[]) => Promise<readonly Outcome[]>;
  readonly #partitioner: (topic: string) => Promise<Partitioner>;
  readonly #pace: Pace;
  readonly #partitioners = new Map<string, Partitioner>();
  #waiting: Append[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param send - Writes at most one chunk per partition; called by one at a time; never rejects.
   * @param partitioner - Called once for each topic; rejects where there is none.
   * @param pace - Of the requests.
   */
  constructor(
    send: (chunks: readonly Chunk[]) => Promise<readonly Outcome[]>,
    partitioner: (topic: string) => Promise<Partitioner>,
    pace: Pace,
  ) {
    this.#send = send;
    this.#partitioner = partitioner;
    this.#pace = pace;
  }

  /** @throws {RecordTooLarge | LogClosed} Before anything is queued. */
  append(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    let bytes = 0;
    for (const record of records) {
      const length = record.value?.byteLength ?? 0;
      if (length > MAX_RECORD_BYTES) throw new RecordTooLarge(topic, record.key, length, MAX_RECORD_BYTES);
      bytes += sizeOf(record);
    }
    if (this.#isClosed) throw new LogClosed();
    const settled = Promise.withResolvers<readonly RecordPlace[]>();
    this.#waiting.push({ topic, records, bytes, places: [], error: undefined, settled });
    this.#running ??= this.#run();
    return settled.promise;
  }

  /** Resolves when nothing is under way; what is queued goes out first. */
  async drain(): Promise<void> {
    await this.#running;
  }

  /** Refuses what is still queued; what is under way settles with its request. */
  close(): void {
    this.#isClosed = true;
    for (const append of this.#waiting.splice(0)) append.settled.reject(new LogClosed());
  }

  async #run(): Promise<void> {
    // Calls made in one go travel in one request.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      await this.#pace.next();
      await this.#write(this.#take());
    }
    this.#running = undefined;
  }

  #take(): readonly Append[] {
    let bytes = 0;
    const count = this.#waiting.findIndex((append, at) => {
      bytes += append.bytes;
      return bytes > MAX_ROUND_BYTES && at > 0;
    });
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
  }

  async #write(appends: readonly Append[]): Promise<void> {
    const queues = new Map<string, { topic: string; partition: number; pending: Pending[] }>();
    for (const append of appends) {
      const partitionOf = await this.#partitionerFor(append);
      if (partitionOf === undefined) continue;
      append.records.forEach((record, at) => {
        const partition = partitionOf(record.key);
        const name = `${append.topic}/${partition}`;
        let queue = queues.get(name);
        if (queue === undefined) queues.set(name, (queue = { topic: append.topic, partition, pending: [] }));
        queue.pending.push({ record, bytes: sizeOf(record), append, at });
      });
    }
    while (queues.size > 0) {
      const round = [...queues.values()].map((queue) => ({ queue, part: batchOf(queue.pending) }));
      const outcomes = await this.#send(
        round.map(({ queue: { topic, partition }, part }) => ({
          topic,
          partition,
          messages: part.map(({ record }) => toMessage(record)),
        })),
      );
      round.forEach(({ queue, part }, i) => {
        const outcome = outcomes[i]!;
        // Records behind a failed one must not get in before it is sent again.
        const failed = 'error' in outcome ? [...part, ...queue.pending.splice(0)] : [];
        for (const { append } of failed) append.error ??= (outcome as { readonly error: Error }).error;
        if ('baseOffset' in outcome) place(part, queue.partition, outcome.baseOffset);
        if (queue.pending.length === 0) queues.delete(`${queue.topic}/${queue.partition}`);
      });
    }
    for (const { settled, places, error } of appends) {
      if (error === undefined) settled.resolve(places);
      else settled.reject(error);
    }
  }

  async #partitionerFor(append: Append): Promise<Partitioner | undefined> {
    let partitioner = this.#partitioners.get(append.topic);
    if (partitioner !== undefined) return partitioner;
    try {
      partitioner = await this.#partitioner(append.topic);
      this.#partitioners.set(append.topic, partitioner);
    } catch (error) {
      append.error = error instanceof Error ? error : new Error(String(error));
    }
    return partitioner;
  }
}

/** Takes the records of the next batch off the front: as many as the broker takes at once, one at least. */
function batchOf(pending: Pending[]): readonly Pending[] {
  let bytes = 0;
  const count = pending.findIndex((one, at) => {
    bytes += one.bytes;
    return bytes > MAX_BATCH_BYTES && at > 0;
  });
  return pending.splice(0, count < 0 ? pending.length : count);
}

function place(part: readonly Pending[], partition: number, baseOffset: number): void {
  part.forEach(({ append, at }, i) => {
    append.places[at] = { partition, offset: baseOffset + i };
  });
}
