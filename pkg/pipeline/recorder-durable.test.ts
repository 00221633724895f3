import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eventually } from '../../test/support/eventually.ts';
import type { Consumer, EventLog } from '../eventlog/event-log.ts';
import { MemoryEventLog } from '../eventlog/memory.ts';
import { HistoryUnavailable } from '../history/errors.ts';
import type { InsertRows } from '../history/writer.ts';
import type { MarketEvent } from '../marketdata/events.ts';
import { systemClock } from '../runtime/clock.ts';
import { encodeMarketEvent } from '../wire/market-event.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { DurableRecorder } from './recorder-durable.ts';
import { recordedTopics } from './recorder-rows.ts';
import { Spool } from './recorder-spool.ts';

const GROUP = 'recorder';

const event = (sequence: number): MarketEvent => ({
  ...{ kind: 'heartbeat', source: 's', symbol: 'ES', sequence },
  ...{ eventTimeUs: sequence, receiveTimeUs: sequence },
});

/** A history that takes a token once, and can be told to be away or to lose its answers: a double, to inject faults. */
function fakeHistory() {
  const tokens: string[] = [];
  const sequences: unknown[] = [];
  const state = { tries: 0, fault: 'none' as 'none' | 'away' | 'answerLost' };
  const insert: InsertRows = async (_table, rows, token = '') => {
    state.tries += 1;
    if (state.fault === 'away') throw new HistoryUnavailable('it is away');
    if (!tokens.includes(token)) {
      tokens.push(token);
      for (const row of rows) sequences.push(row['sequence']);
    }
    if (state.fault === 'answerLost') throw new HistoryUnavailable('the answer is lost');
  };
  return { insert, state, sequences, tokens };
}

describe('DurableRecorder', () => {
  let folder: string;
  let stop: AbortController;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-spool-'));
    stop = new AbortController();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const newLog = async (partitions = 1): Promise<EventLog> => {
    const log = new MemoryEventLog();
    await log.ensureTopics(topicSettings(TOPICS, partitions, 10_000));
    return log;
  };
  const append = (log: EventLog, from: number, to: number) =>
    log.append(
      TOPICS.marketData,
      Array.from({ length: to - from }, (_, i) => ({
        key: 'ES',
        value: encodeMarketEvent(event(from + i)),
        timestampUs: from + i,
      })),
    );
  const start = (log: EventLog, insert: InsertRows, intervalMs = 0): Promise<Consumer> => {
    const topics = recordedTopics(TOPICS, 'time:1000');
    stop = new AbortController();
    const recorder = new DurableRecorder({
      ...{ topics, insert, log, group: GROUP, clock: systemClock, intervalMs, signal: stop.signal },
      spool: new Spool(folder),
      observer: { onWritten: () => undefined, onFailed: () => undefined },
      jitter: () => 0,
    });
    return log.consume({ group: GROUP, topics: [...topics.keys()], maxBatchRecords: 10_000 }, recorder);
  };
  /** Stops the recorder as it stands: nothing more is written or committed. */
  const die = async (consumer: Consumer): Promise<void> => {
    stop.abort();
    await consumer.stop(5000);
  };
  const series = (to: number): readonly number[] => Array.from({ length: to }, (_, i) => i);

  it('after its death writes the same batch with the same token, though more has come, and goes on behind it', async () => {
    const log = await newLog();
    const history = fakeHistory();
    history.state.fault = 'answerLost';
    await append(log, 0, 10);
    const first = await start(log, history.insert);
    await eventually(() => history.state.tries > 0);
    await die(first);
    expect(await log.committed(GROUP, TOPICS.marketData, 0)).toBeUndefined();
    await append(log, 10, 20);
    history.state.fault = 'none';
    const second = await start(log, history.insert);
    await eventually(async () => (await log.committed(GROUP, TOPICS.marketData, 0)) === 20);
    await die(second);
    expect(history.sequences).toEqual(series(20));
    expect(history.tokens).toHaveLength(2);
  });

  it('reads no further while history is away, and loses nothing', async () => {
    const log = await newLog();
    const history = fakeHistory();
    history.state.fault = 'away';
    await append(log, 0, 10);
    const consumer = await start(log, history.insert);
    await eventually(() => history.state.tries > 1);
    await append(log, 10, 500);
    expect(await readdir(folder)).toEqual(['market_data-0.batch']);
    expect(await log.committed(GROUP, TOPICS.marketData, 0)).toBeUndefined();
    history.state.fault = 'none';
    await eventually(() => history.sequences.length === 500);
    await die(consumer);
    expect(history.sequences).toEqual(series(500));
  });

  it('takes nothing for written because a spool of another log says so', async () => {
    const old = await newLog();
    const history = fakeHistory();
    history.state.fault = 'away';
    await append(old, 100, 110);
    const first = await start(old, history.insert);
    await eventually(() => history.state.tries > 0);
    await die(first);
    const log = await newLog();
    await append(log, 0, 10);
    history.state.fault = 'none';
    const second = await start(log, history.insert);
    await eventually(() => history.sequences.length === 20);
    await die(second);
    expect(history.sequences).toEqual([...series(110).slice(100), ...series(10)]);
  });

  it('goes on where another owner of the partition has stopped, not where its own spool ends', async () => {
    const log = await newLog();
    const history = fakeHistory();
    history.state.fault = 'away';
    await append(log, 0, 10);
    await die(await startAndTry(log, history));
    // Another recorder, with a disk of its own, takes part of what is in the spool here.
    const taken = Promise.withResolvers<void>();
    const other = await log.consume(
      { group: GROUP, topics: [TOPICS.marketData], maxBatchRecords: 4 },
      { onBatch: async ({ records }) => (records[0]!.offset === 0 ? undefined : taken.promise) },
    );
    await eventually(async () => (await log.committed(GROUP, TOPICS.marketData, 0)) === 4);
    taken.reject(new Error('dies'));
    await expect(other.done).rejects.toThrow('dies');
    history.state.fault = 'none';
    const again = await start(log, history.insert);
    await eventually(async () => (await log.committed(GROUP, TOPICS.marketData, 0)) === 10);
    await die(again);
    expect(history.sequences).toEqual([...series(10), ...series(10).slice(4)]);
  });

  it('reads the log again where the batch on disk is damaged', async () => {
    const log = await newLog();
    const history = fakeHistory();
    history.state.fault = 'away';
    await append(log, 0, 10);
    await die(await startAndTry(log, history));
    const path = join(folder, 'market_data-0.batch');
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    history.state.fault = 'none';
    const consumer = await start(log, history.insert);
    await eventually(async () => (await log.committed(GROUP, TOPICS.marketData, 0)) === 10);
    await die(consumer);
    expect(history.sequences).toEqual(series(10));
  });

  it('gathers what comes within its interval into one insert', async () => {
    const log = await newLog();
    const history = fakeHistory();
    const consumer = await start(log, history.insert, 300);
    for (let i = 0; i < 20; i += 1) await append(log, i, i + 1);
    await eventually(() => history.sequences.length === 20);
    await die(consumer);
    expect(history.tokens.length).toBeLessThanOrEqual(3);
  });

  it('decodes and tries few batches at a time, however many partitions there are', async () => {
    const log = await newLog(16);
    const history = fakeHistory();
    const gate = Promise.withResolvers<void>();
    let [under, most] = [0, 0];
    const insert: InsertRows = async (...args) => {
      under += 1;
      most = Math.max(most, under);
      await gate.promise;
      under -= 1;
      return history.insert(...args);
    };
    await log.append(
      TOPICS.marketData,
      series(200).map((n) => {
        const symbol = `S${n}`;
        return { key: symbol, value: encodeMarketEvent({ ...event(n), symbol }), timestampUs: n };
      }),
    );
    const consumer = await start(log, insert);
    await eventually(() => under > 1);
    const kept = await eventually(async () =>
      (await readdir(folder)).filter((name) => name.endsWith('.batch')),
    );
    expect(kept.length).toBeLessThanOrEqual(4);
    gate.resolve();
    await eventually(() => history.sequences.length === 200);
    await die(consumer);
    expect(most).toBeLessThanOrEqual(4);
    expect(new Set(history.sequences).size).toBe(200);
  });

  async function startAndTry(log: EventLog, history: ReturnType<typeof fakeHistory>): Promise<Consumer> {
    const consumer = await start(log, history.insert);
    await eventually(() => history.state.tries > 0);
    return consumer;
  }
});
