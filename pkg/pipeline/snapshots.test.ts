import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { zstdCompressSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import type { LogRecord, NewRecord } from '../eventlog/event-log.ts';
import { MemoryEventLog } from '../eventlog/memory.ts';
import { Snapshots } from './snapshots.ts';

const TOPIC = 'state';
const KEY = 'features/0';

async function withTopic<L extends MemoryEventLog>(log: L): Promise<L> {
  await log.ensureTopics([{ name: TOPIC, partitions: 3, retentionRecords: 1000, cleanup: 'compact' }]);
  return log;
}

async function recordsOf(log: MemoryEventLog): Promise<readonly LogRecord[]> {
  const all: LogRecord[] = [];
  for (const { partition } of await log.positions(TOPIC))
    for await (const record of log.read(TOPIC, partition, 0)) all.push(record);
  return all;
}

/** Bytes that do not compress, so that a state of them has several parts. */
const noise = (seed: number, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + seed, 0x9e3779b1) >>> 24);

describe('snapshots in a compacted topic', () => {
  it('give back bit for bit what was saved last, however large, by key', async () => {
    const log = await withTopic(new MemoryEventLog());
    const snapshots = new Snapshots<unknown>(log, TOPIC);
    expect(await snapshots.load(KEY)).toBeUndefined();
    const state = { at: 7n, nan: Number.NaN, noise: noise(1, 2_000_000), map: new Map([['ES', [1, -0]]]) };
    await snapshots.save(KEY, { at: 1 });
    await snapshots.save('features/1', 'another');
    await snapshots.save(KEY, state);
    const next = new Snapshots<unknown>(log, TOPIC);
    expect(await next.load(KEY)).toEqual(state);
    expect(await next.load('features/1')).toBe('another');
    await log.close();
  });

  it('are found however many of other keys come after', async () => {
    const log = await withTopic(new MemoryEventLog());
    const snapshots = new Snapshots<number>(log, TOPIC);
    await snapshots.save(KEY, 1);
    for (let i = 0; i < 400; i += 1) await snapshots.save(`collector/${i}`, i);
    expect(await new Snapshots<number>(log, TOPIC).load(KEY)).toBe(1);
    await log.close();
  });

  it('are none where a part is not the one that the head has the checksum of', async () => {
    const snapshotsOn = (log: MemoryEventLog) => new Snapshots<Uint8Array>(log, TOPIC, 400);
    const log = await withTopic(new MemoryEventLog());
    await snapshotsOn(log).save(KEY, noise(1, 1000));
    const other = await withTopic(new MemoryEventLog());
    await snapshotsOn(other).save(KEY, noise(2, 1000));
    const foreign = new Map((await recordsOf(other)).map(({ key, value }) => [key, value]));
    const isPart = ({ key }: NewRecord): boolean => key === `${KEY}/0/1`;
    const mixed = await withTopic(new MemoryEventLog());
    const records = (await recordsOf(log)).map(({ key, value, timestampUs }) => ({
      key,
      value,
      timestampUs,
    }));
    const changed = records.map((each) => (isPart(each) ? { ...each, value: foreign.get(each.key)! } : each));
    expect(changed.filter((each, i) => each.value !== records[i]!.value)).toHaveLength(1);
    for (const record of changed) await mixed.append(TOPIC, [record]);
    expect(await snapshotsOn(mixed).load(KEY)).toBeUndefined();
    // The same records unchanged are one.
    const same = await withTopic(new MemoryEventLog());
    for (const record of records) await same.append(TOPIC, [record]);
    expect(await snapshotsOn(same).load(KEY)).toEqual(noise(1, 1000));
    for (const each of [log, other, mixed, same]) await each.close();
  });

  it('come last to the slot of a damaged one: whoever damaged it may not be done', async () => {
    const log = await withTopic(new MemoryEventLog());
    const first = new Snapshots<string>(log, TOPIC);
    for (const state of ['in slot 0', 'in slot 1']) await first.save(KEY, state);
    const damage = async (slot: number): Promise<void> => {
      const head = (await recordsOf(log)).findLast(({ key }) => key === `${KEY}/head/${slot}`)!;
      const value = Buffer.concat([head.value!, Buffer.from('another')]);
      await log.append(TOPIC, [{ key: head.key, value, timestampUs: 0 }]);
    };
    await damage(1);
    const next = new Snapshots<string>(log, TOPIC);
    expect(await next.load(KEY)).toBe('in slot 0');
    await next.save(KEY, 'in slot 2');
    await damage(1);
    expect(await new Snapshots<string>(log, TOPIC).load(KEY)).toBe('in slot 2');
    await log.close();
  });

  it.each([
    ['is no head', Buffer.from('junk')],
    ['is of another format', Buffer.from('{"format":99,"slot":0,"bytes":1,"sha256":"","parts":[]}')],
  ])('are none where the newest record of the key %s', async (_what, value) => {
    const log = await withTopic(new MemoryEventLog());
    for (const key of [KEY, ...[0, 1, 2].map((slot) => `${KEY}/head/${slot}`)])
      await log.append(TOPIC, [{ key, value, timestampUs: 0 }]);
    expect(await new Snapshots<number>(log, TOPIC).load(KEY)).toBeUndefined();
    await log.close();
  });

  it('of the first layout are read, and the next one is newer than they', async () => {
    const log = await withTopic(new MemoryEventLog());
    await saveInFirstLayout(log, 'old');
    const snapshots = new Snapshots<string>(log, TOPIC);
    expect(await snapshots.load(KEY)).toBe('old');
    await snapshots.save(KEY, 'new');
    expect(await new Snapshots<string>(log, TOPIC).load(KEY)).toBe('new');
    await log.close();
  });
});

/** As versions before the second layout wrote it, in the slot that came first. */
async function saveInFirstLayout(log: MemoryEventLog, state: unknown): Promise<void> {
  const body = zstdCompressSync(serialize(state));
  const [part] = await log.append(TOPIC, [{ key: `${KEY}/0/0`, value: body, timestampUs: 0 }]);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const head = { format: 1, slot: 0, bytes: body.length, sha256, parts: [part] };
  await log.append(TOPIC, [{ key: KEY, value: Buffer.from(JSON.stringify(head)), timestampUs: 0 }]);
}
