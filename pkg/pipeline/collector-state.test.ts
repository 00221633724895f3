import { describe, expect, it } from 'vitest';

import { MemoryEventLog } from '../eventlog/memory.ts';
import { ManualClock } from '../runtime/clock.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { CollectorState } from './collector-state.ts';

/** More than is looked at first, and than is looked at next. */
const OTHERS = 6000;

async function newLog(): Promise<MemoryEventLog> {
  const log = new MemoryEventLog();
  await log.ensureTopics(topicSettings(TOPICS, 1, 1_000_000));
  return log;
}

const open = (log: MemoryEventLog, stream: string): Promise<CollectorState> =>
  CollectorState.open(log, stream, TOPICS, new ManualClock());

describe.each([
  ['market data', TOPICS.marketData, 'isAppended'],
  ['quarantine', TOPICS.quarantine, 'isSetAside'],
] as const)('how far a stream has come in %s', (_what, topic, has) => {
  it('is found however many records of others come after its last', async () => {
    const log = await newLog();
    const [mine, other] = [await open(log, 'mine'), await open(log, 'other')];
    const record = (headers: Readonly<Record<string, string>>) => ({
      key: 'ES',
      value: new Uint8Array(),
      timestampUs: 0,
      headers,
    });
    await log.append(topic, [record(mine.headers(6)), record(mine.headers(7))]);
    const others = Array.from({ length: OTHERS }, (_, i) => record(i % 2 === 0 ? other.headers(i) : {}));
    await log.append(topic, others);
    const again = await open(log, 'mine');
    expect([again[has]('ES', 7), again[has]('ES', 8)]).toEqual([true, false]);
    await log.close();
  });

  it('is nowhere in an empty log', async () => {
    const log = await newLog();
    expect((await open(log, 'mine'))[has]('ES', 0)).toBe(false);
    await log.close();
  });
});
