import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll } from 'vitest';

import type {
  Consumer,
  ConsumerHandler,
  ConsumerOptions,
  EventLog,
  LogRecord,
  NewRecord,
  PartitionAssignment,
  TopicSettings,
} from '../../pkg/eventlog/event-log.ts';
import { eventually } from '../support/eventually.ts';

/** A log that the suite may fill. Topics and groups get names of their own, so a server may be shared. */
export interface EventLogUnderTest {
  readonly log: EventLog;
  /** Another client of the same log, as another process would be; the embedded log has only the one. */
  readonly connect: () => Promise<EventLog>;
  /**
   * Makes the log forget or compact now what the topic's settings let it; nothing where it does so by itself. May append
   * records with the key `filler` to a compacted topic.
   */
  readonly clean: (topic: TopicSettings) => Promise<void>;
  readonly close: () => Promise<void>;
}

export type OpenEventLog = () => Promise<EventLogUnderTest>;

/** What differs between logs without one being wrong. */
export interface EventLogTraits {
  /** Records that a group may be behind before `append` waits; absent where appends never wait for readers. */
  readonly backlogRecords?: number;
  /** Time in which what must come has come, milliseconds; default 10,000. */
  readonly withinMs?: number;
}

/** A consumer of the suite with all that has happened to it. */
export interface Reader {
  readonly consumer: Consumer;
  /** Records of batches whose handler has ended well. */
  readonly seen: readonly LogRecord[];
  /** Partitions owned now, by `topic/partition`. */
  readonly owned: ReadonlyMap<string, PartitionAssignment>;
  /** Sizes of the batches. */
  readonly batches: readonly number[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A record whose value is `text`. */
export function record(key: string, text: string | null, timestampUs = 1_700_000_000_123_456): NewRecord {
  return { key, value: text === null ? null : encoder.encode(text), timestampUs };
}

/** `count` records of one key with values `prefix0`, `prefix1`, ... */
export function series(key: string, count: number, prefix = ''): readonly NewRecord[] {
  return Array.from({ length: count }, (_, i) => record(key, `${prefix}${i}`));
}

export function textOf({ value }: NewRecord): string | null {
  return value === null ? null : decoder.decode(value);
}

export async function drain<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The log of one `describe`, opened before its tests and closed after them; consumers end with their test. */
export class EventLogFixture {
  readonly #withinMs: number;
  readonly #consumers: Consumer[] = [];
  #opened: EventLogUnderTest | undefined;

  constructor(open: OpenEventLog, { withinMs = 10_000 }: EventLogTraits) {
    this.#withinMs = withinMs;
    beforeAll(async () => {
      this.#opened = await open();
    });
    afterEach(async () => {
      await Promise.allSettled(this.#consumers.splice(0).map((consumer) => consumer.stop(withinMs)));
    });
    afterAll(() => this.#opened?.close());
  }

  get log(): EventLog {
    return this.#opened!.log;
  }

  connect(): Promise<EventLog> {
    return this.#opened!.connect();
  }

  clean(topic: TopicSettings): Promise<void> {
    return this.#opened!.clean(topic);
  }

  /** Makes a topic with a name of its own. */
  async topic(settings: Partial<TopicSettings> = {}): Promise<TopicSettings> {
    const topic: TopicSettings = { name: `t-${randomUUID()}`, partitions: 1, cleanup: 'delete', ...settings };
    await this.log.ensureTopics([topic]);
    return topic;
  }

  group(): string {
    return `g-${randomUUID()}`;
  }

  eventually<T>(check: () => T | Promise<T>): Promise<Exclude<T, false | undefined>> {
    return eventually(check, this.#withinMs);
  }

  /** Starts a consumer that notes what it gets; `effects` happen first, and may throw. */
  async consume(
    options: ConsumerOptions,
    effects: Partial<ConsumerHandler> = {},
    log = this.log,
  ): Promise<Reader> {
    const seen: LogRecord[] = [];
    const batches: number[] = [];
    const owned = new Map<string, PartitionAssignment>();
    const handler: ConsumerHandler = {
      ...effects,
      onAssigned: async (assignment) => {
        owned.set(`${assignment.topic}/${assignment.partition}`, assignment);
        return effects.onAssigned?.(assignment);
      },
      onRevoked: async (assignment, isLost) => {
        owned.delete(`${assignment.topic}/${assignment.partition}`);
        await effects.onRevoked?.(assignment, isLost);
      },
      onBatch: async (batch) => {
        await effects.onBatch?.(batch);
        batches.push(batch.records.length);
        seen.push(...batch.records);
      },
    };
    const consumer = await log.consume(options, handler);
    this.#consumers.push(consumer);
    return { consumer, seen, owned, batches };
  }

  /** Every record of every partition of a topic. */
  async readAll({ name }: TopicSettings): Promise<readonly LogRecord[]> {
    const positions = await this.log.positions(name);
    const parts = positions.map(({ partition, startOffset }) =>
      drain(this.log.read(name, partition, startOffset)),
    );
    return (await Promise.all(parts)).flat();
  }
}
