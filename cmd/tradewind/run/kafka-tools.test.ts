import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KafkaEventLog } from '../../../pkg/eventlog/kafka/kafka.ts';
import type { Quarantined, Quote } from '../../../pkg/marketdata/events.ts';
import { setAside } from '../../../pkg/pipeline/set-aside.ts';
import { encodeMarketEvent } from '../../../pkg/wire/market-event.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { kafkaMissing, type KafkaServers, startKafka } from '../../../test/servers/kafka.ts';
import { runCli } from '../../../test/support/cli.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { deleteRecords, openTestLog } from '../../../test/support/kafka-log.ts';

const missing = kafkaMissing();
const START_MS = 120_000;
const TIME_US = 1_700_000_000_000_000;

const quote: Quote = {
  ...{ kind: 'quote', source: 'test', symbol: 'ES', sequence: 1 },
  ...{ eventTimeUs: TIME_US, receiveTimeUs: TIME_US },
  ...{ bidPrice: 100, bidSize: 1, askPrice: 101, askSize: 1 },
};

describe.skipIf(missing !== undefined)('the tools of people on call', { timeout: 60_000 }, () => {
  let servers: KafkaServers;
  let folder: string;
  let config: string;
  let log: KafkaEventLog;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1, isSecure: true });
    folder = mkdtempSync(join(tmpdir(), 'tradewind-tools-'));
    config = join(folder, 'recorder.json');
    const { secure } = servers;
    const kafka = {
      ...{ brokers: secure!.brokers, tls: true, caFile: secure!.ca, partitions: 1 },
      ...{ mechanism: 'scram-sha-512', username: secure!.username },
    };
    // The configuration of a service, of which the tools look at one section; the password is in the environment.
    writeFileSync(config, JSON.stringify({ kafka, history: { url: 'http://127.0.0.1:1' } }));
    log = await openTestLog(servers.brokers);
    expect(await tool('topics', 'apply')).toMatchObject({ code: 0, stderr: '' });
  }, START_MS);
  afterAll(async () => {
    await log?.close();
    await servers?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const tool = (...args: readonly string[]) =>
    runCli([...args, '--config', config], { TRADEWIND_KAFKA_PASSWORD: servers.secure!.password });
  const json = async (...args: readonly string[]): Promise<unknown> => {
    const { stdout, stderr } = await tool(...args, '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  it('make and describe topics, and say which setting differs', async () => {
    const { stdout } = await tool('topics', 'describe');
    expect(stdout).toMatch(/^market_data +1 +1 +1 +1 +0 +0 +delete +168 h$/m);
    expect(stdout).toMatch(/^feature_state .* compact +-$/m);
    expect(await json('topics', 'describe', '--topic', 'signals')).toMatchObject([{ partitions: 1 }]);
    const other = await runCli(['topics', 'apply', '--config', config], {
      TRADEWIND_KAFKA_PASSWORD: servers.secure!.password,
      TRADEWIND_KAFKA_PARTITIONS: '3',
    });
    expect(other.code).toBe(5);
    expect(other.stderr).toBe('tradewind: TopicMismatch: topic market_data must have partitions 3, has 1\n');
  });

  it('show how far groups are, and have one go on that stands still', async () => {
    const topic = TOPICS.signals;
    const record = { key: 'ES', value: Buffer.from('x'), timestampUs: 1 };
    await log.append(topic, [record, record]);
    const reader = { group: 'trader', topics: [topic] };
    const consumer = await log.consume(reader, { onBatch: async () => undefined });
    await eventually(async () => (await log.committed('trader', topic, 0)) === 2);
    const state = async (): Promise<string> => (await tool('lag', '--group', 'trader')).stdout;
    expect(await state()).toMatch(/^trader +signals +0 +2 +0 +2 +0 +reading +tradewind@127\.0\.0\.1$/m);
    await consumer.stop(5000);
    for (let i = 0; i < 8; i += 1) await log.append(topic, [record]);
    await deleteRecords(servers.brokers, topic, 0, 6);
    // A group that came and went without a trace is passed over.
    const assigned = Promise.withResolvers<void>();
    const visitor = await log.consume(
      { group: 'visitor', topics: [TOPICS.quarantine] },
      {
        onAssigned: async () => {
          assigned.resolve();
          return undefined;
        },
        onBatch: async () => undefined,
      },
    );
    await assigned.promise;
    await visitor.stop(5000);
    const stands = await tool('lag');
    expect(stands.stdout).not.toContain('visitor');
    expect(stands.stdout).toMatch(/^trader +signals +0 +2 +6 +10 +4 +outOfRange +-$/m);
    expect(stands.stderr).toContain('--group trader --topic signals --partition 0 --to');

    const seek = ['topics', 'seek', '--group', 'trader', '--topic', topic, '--partition', '0', '--to'];
    expect((await tool(...seek, 'earliest')).stdout).toBe('trader goes on at 6 of signals/0, was at 2\n');
    expect(await json('lag', '--group', 'trader')).toMatchObject([
      { members: 0, positions: [{ committed: 6, lag: 4, state: 'sought' }] },
    ]);
    expect(await json(...seek, '7')).toEqual({ group: 'trader', topic, partition: 0, from: 6, to: 7 });
  });

  it('list what was set aside, show it, and give it again once', async () => {
    const value = encodeMarketEvent(quote);
    const [place] = await log.append(TOPICS.marketData, [{ key: 'ES', value, timestampUs: TIME_US }]);
    const item = (reason: Quarantined['reason'], origin: string): Quarantined => ({
      ...{ reason, origin, message: 'message must be one', source: 'market_data', symbol: 'ES' },
      ...{ receiveTimeUs: TIME_US, raw: '' },
    });
    const origin = `market_data/0@${place!.offset}`;
    const items = [item('Malformed', origin), item('Late', 'market_data/0@0')];
    await setAside(items, { log, topics: TOPICS, observer: {} });

    const list = await tool('quarantine', 'ls', '--reason', 'Malformed');
    expect(list.stdout).toMatch(
      new RegExp(`^0@0 +2023-11-14T22:13:20\\.000Z +Malformed +ES +${origin}`, 'm'),
    );
    expect(list.stdout).not.toContain('Late');
    expect(await json('quarantine', 'show', '0@0')).toMatchObject({
      reason: 'Malformed',
      original: { key: 'ES', bytes: value.length },
    });
    expect((await tool('quarantine', 'show', '0@0', '--raw')).stdout).toContain('test');

    const again = `market_data/0@${place!.offset + 1}`;
    expect(await json('quarantine', 'replay', '0@0', '--dry-run')).toMatchObject([{ result: 'replayed' }]);
    expect(await json('quarantine', 'replay', '--topic', 'market_data')).toMatchObject([
      { id: '0@0', result: 'replayed', place: again },
      { id: '0@1', result: 'NotPoison' },
    ]);
    expect(await json('quarantine', 'replay', '0@0')).toMatchObject([
      { result: 'AlreadyReplayed', place: again },
    ]);
    const refused = await tool('quarantine', 'replay', '0@1');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(/^tradewind: NotReplayable: .*0@1 \(NotPoison\)\n$/);
  });

  it.each([
    [['lag', '--group', 'nobody'], 4, /^tradewind: GroupUnknown: [^\n]+\n$/],
    [['topics', 'describe', '--topic', 'nowhere'], 4, /^tradewind: TopicUnknown: [^\n]+\n$/],
    [['topics', 'seek', '--group', 'g'], 2, /^tradewind: FlagsInvalid: [^\n]+\n$/],
    [['quarantine', 'show', '12'], 2, /must be partition@offset such as 0@17, was '12'/],
    [['quarantine', 'show', '0@99999'], 4, /^tradewind: QuarantineUnknown: [^\n]+\n$/],
    [['quarantine', 'replay'], 2, /^tradewind: FlagsInvalid: [^\n]+\n$/],
    [['lag', '--brokers', '127.0.0.1:1'], 7, /^tradewind: KafkaUnavailable: [^\n]+\n$/],
  ] as const)('answer %j in one line', async (args, code, line) => {
    const finished = await tool(...args);
    expect(finished.stderr).toMatch(line);
    expect(finished.code).toBe(code);
    expect(finished.stdout).toBe('');
  });

  it('say in one line that the password is wrong', async () => {
    const finished = await runCli(['lag', '--config', config], { TRADEWIND_KAFKA_PASSWORD: 'guess' });
    expect(finished.stderr).toMatch(/^tradewind: KafkaAuthenticationFailed: [^\n]+\n$/);
    expect(finished.stderr).not.toContain('guess');
    expect(finished.code).toBe(2);
  });
});
