import { expect, it } from 'vitest';

import { MemoryEventLog } from '../eventlog/memory.ts';
import { PoisonMessage } from '../wire/errors.ts';
import { BEFORE_ALL, type DerivedId, isAfter, newestDerived } from './derived.ts';

const TOPIC = 'out';

function idOf(value: Uint8Array): DerivedId {
  const [offset, timeUs] = Buffer.from(value).toString().split(' ').map(Number);
  if (timeUs === undefined) throw new PoisonMessage('pair of numbers', 'was one');
  return { offset: offset!, timeUs };
}

async function logOf(texts: readonly (string | null)[]): Promise<MemoryEventLog> {
  const log = new MemoryEventLog();
  await log.ensureTopics([{ name: TOPIC, partitions: 1, retentionRecords: 100_000, cleanup: 'delete' }]);
  const records = texts.map((text) => ({
    key: 'ES',
    value: text === null ? null : Buffer.from(text),
    timestampUs: 0,
  }));
  if (records.length > 0) await log.append(TOPIC, records);
  return log;
}

it.each([
  ['nothing', [], BEFORE_ALL],
  ['one', ['3 100'], { offset: 3, timeUs: 100 }],
  ['the bars that one event closed', ['3 100', '3 300', '3 200'], { offset: 3, timeUs: 300 }],
  ['a later event that closed an earlier bar', ['3 300', '4 100'], { offset: 4, timeUs: 100 }],
  [
    'a batch that a writer which was cut off appended behind its successor',
    ['900 9', ...Array.from({ length: 500 }, (_, i) => `${i} 1`)],
    { offset: 900, timeUs: 9 },
  ],
  ['bytes that are no record, and a deletion', ['5 1', 'junk', null], { offset: 5, timeUs: 1 }],
] as const)('the newest of %s is found', async (_what, texts, newest) => {
  const log = await logOf(texts);
  expect(await newestDerived(log, TOPIC, 0, idOf)).toEqual(newest);
  await log.close();
});

it('fails with what is no fault of the bytes', async () => {
  const log = await logOf(['1 1']);
  const fault = (): never => {
    throw new TypeError('a fault of ours');
  };
  await expect(newestDerived(log, TOPIC, 0, fault)).rejects.toThrow(TypeError);
  await log.close();
});

it('is ordered by event, then by time', () => {
  const id = (offset: number, timeUs: number): DerivedId => ({ offset, timeUs });
  expect(isAfter(id(2, 1), id(1, 9))).toBe(true);
  expect(isAfter(id(1, 9), id(2, 1))).toBe(false);
  expect(isAfter(id(1, 2), id(1, 1))).toBe(true);
  expect(isAfter(id(1, 1), id(1, 1))).toBe(false);
  expect(isAfter(id(0, 0), BEFORE_ALL)).toBe(true);
});
