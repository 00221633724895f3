import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog, NewRecord, RecordPlace, TopicSettings } from '../../pkg/eventlog/event-log.ts';
import { Snapshots } from '../../pkg/pipeline/snapshots.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { brokersForTests, cleanTopic, openTestLog } from '../support/kafka-log.ts';

const missing = kafkaMissing();
const KEY = 'features/0';
/** A state of some kilobytes has several parts. */
const CHUNK_BYTES = 1000;
/** Appends of one save of such a state: three parts, and the head that ends it. */
const APPENDS = 4;

class Cut extends Error {}

/** A log that fails after so many appends, as a process that dies there. */
function cutAfter(log: EventLog, appends: number): EventLog {
  let left = appends;
  const append = async (topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]> => {
    if (left === 0) throw new Cut();
    left -= 1;
    return log.append(topic, records);
  };
  return new Proxy(log, {
    get: (target, name) => {
      const value: unknown = name === 'append' ? append : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe.skipIf(missing !== undefined)('snapshots in a topic that a broker compacts', () => {
  const brokers = brokersForTests();
  let log: EventLog;
  beforeAll(async () => {
    log = await openTestLog(brokers());
  }, 60_000);
  afterAll(() => log?.close());

  const newState = (): Uint8Array => randomBytes(APPENDS * CHUNK_BYTES - CHUNK_BYTES / 2);
  const load = (topic: string): Promise<Uint8Array | undefined> =>
    new Snapshots<Uint8Array>(log, topic, CHUNK_BYTES).load(KEY);

  it.each([1, 2, 3, 4])(
    'outlive a writer that dies after three of its four appends, with compaction then: after %d whole ones',
    async (saves) => {
      const settings: TopicSettings = { name: `state-${saves}`, partitions: 1, cleanup: 'compact' };
      const topic = settings.name;
      await log.ensureTopics([settings]);
      let newest: Uint8Array | undefined;
      for (let save = 0; save < saves; save += 1) {
        const snapshots = new Snapshots<Uint8Array>(log, topic, CHUNK_BYTES);
        await snapshots.load(KEY);
        newest = newState();
        await snapshots.save(KEY, newest);
      }
      const dying = new Snapshots<Uint8Array>(cutAfter(log, APPENDS - 1), topic, CHUNK_BYTES);
      expect(await dying.load(KEY)).toEqual(newest);
      await expect(dying.save(KEY, newState())).rejects.toThrow(Cut);
      await cleanTopic(brokers(), log, settings);
      expect(await load(topic)).toEqual(newest);
    },
    60_000,
  );

  it('outlive a replaced writer that writes over the newest one while its successor dies in the next, with compaction then', async () => {
    const settings: TopicSettings = { name: 'state-replaced', partitions: 1, cleanup: 'compact' };
    const topic = settings.name;
    await log.ensureTopics([settings]);
    const open = async (from: EventLog) => {
      const snapshots = new Snapshots<Uint8Array>(from, topic, CHUNK_BYTES);
      await snapshots.load(KEY);
      return snapshots;
    };
    const oldest = newState();
    await (await open(log)).save(KEY, oldest);
    const replaced = await open(cutAfter(log, APPENDS - 1));
    await (await open(log)).save(KEY, newState());
    const dying = await open(cutAfter(log, APPENDS - 1));
    // Over parts of the newest, since it had loaded the same as who wrote that; and nothing else can have been written since.
    await expect(replaced.save(KEY, newState())).rejects.toThrow(Cut);
    await expect(dying.save(KEY, newState())).rejects.toThrow(Cut);
    await cleanTopic(brokers(), log, settings);
    expect(await load(topic)).toEqual(oldest);
  }, 60_000);
});
