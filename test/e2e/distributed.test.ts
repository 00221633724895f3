import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sumOf } from '../../cmd/tradewind/distributed/tally.ts';
import { freePorts } from '../servers/ports.ts';
import { openClickHouse } from '../servers/clickhouse.ts';
import { kafkaMissing, openKafka } from '../servers/kafka.ts';
import { openRedis, redisMissing } from '../servers/redis.ts';
import { randomArtifact } from '../support/artifact.ts';
import { runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

const missing = kafkaMissing() ?? redisMissing();

/** Makes Node wait a second before it loads the program, as on a busy machine. */
const SLOW_LOADING = '--import=data:text/javascript,await%20new%20Promise(r=>setTimeout(r,1000))';

interface Tally {
  readonly events: number;
  readonly predictions: number;
  readonly abstentions: number;
}

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'up --profile distributed' : `without ${missing}`,
  () => {
    let folder: string;
    let env: Readonly<Record<string, string>>;
    const servers: { stop(): Promise<void> }[] = [];
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tradewind-distributed-'));
      const [kafka, redis, clickhouse] = await Promise.all([openKafka(), openRedis(), openClickHouse()]);
      servers.push(kafka, redis, clickhouse);
      env = {
        TRADEWIND_KAFKA_BROKERS: kafka.brokers.join(','),
        TRADEWIND_KAFKA_PARTITIONS: '4',
        TRADEWIND_REDIS_MODE: 'single',
        TRADEWIND_REDIS_ADDRESSES: redis.config.addresses.join(','),
        TRADEWIND_REDIS_USERNAME: redis.config.username ?? '',
        TRADEWIND_REDIS_PASSWORD: redis.config.password ?? '',
        TRADEWIND_HISTORY_URL: clickhouse.url,
        TRADEWIND_HISTORY_USERNAME: clickhouse.username,
        TRADEWIND_HISTORY_PASSWORD: clickhouse.password,
        TRADEWIND_SIMULATOR_HISTORY_SECONDS: '300',
        TRADEWIND_MODEL_URIS: await randomArtifact(folder, { sets: ['core-v1', 'micro-v1'] }),
      };
    }, 120_000);
    afterAll(async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    });

    it('serves predictions of the stream, stops in order, and tells what was done', async () => {
      const [http, grpc] = (await freePorts(2)) as [number, number];
      const ports = ['--http-port', String(http), '--grpc-port', String(grpc)];
      const running = startCli(['up', '--profile', 'distributed', '--json', '--data', folder, ...ports], env);
      const answer = await eventually(async () => {
        const response = await fetch(`http://127.0.0.1:${http}/predict`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"symbol":"ES"}',
        });
        const body = (await response.json()) as { recommendation?: string; probability_up?: number };
        return body.probability_up !== undefined && body;
      }, 60_000);
      expect(['buy', 'hold', 'sell']).toContain(answer.recommendation);
      await eventually(async () => {
        const metrics = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
        return sumOf('tradewind_predictions_total', metrics) > 100;
      }, 30_000);
      running.child.kill('SIGINT');
      const { code, stdout, stderr } = await running.finished;
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const tally = JSON.parse(stdout) as Tally;
      expect(tally.events).toBeGreaterThan(1000);
      expect(tally.predictions).toBeGreaterThan(100);
    }, 120_000);

    it.each([
      ['while they load', 'stop       Ctrl-C', { NODE_OPTIONS: SLOW_LOADING }],
      ['while they serve', 'gateway is ready', {}],
    ])(
      'leaves no process behind when it is killed %s',
      async (_, sign, options) => {
        const [http, grpc] = (await freePorts(2)) as [number, number];
        const ports = ['--http-port', String(http), '--grpc-port', String(grpc)];
        const running = startCli(['up', '--profile', 'distributed', '--data', folder, ...ports], {
          ...env,
          ...options,
        });
        const pids = await eventually(() => {
          const told = [...running.stderr().matchAll(/, process (\d+)$/gm)].map(([, pid]) => Number(pid));
          return running.stderr().includes(sign) && told;
        }, 60_000);
        expect(pids).toHaveLength(5);
        running.child.kill('SIGKILL');
        await running.finished;
        await eventually(() => {
          expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
          return true;
        }, 60_000);
      },
      120_000,
    );

    it('says at once what cannot work, and starts nothing', async () => {
      const wrong = await runCli(['up', '--profile', 'distributed', '--speed', 'max'], env);
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).toContain('flags were speed');
      const { TRADEWIND_HISTORY_URL: _, ...without } = env;
      const absent = await runCli(['up', '--profile', 'distributed'], without);
      expect(absent.code).toBe(2);
      expect(absent.stderr).toContain('history.url');
    });

    it('ends with the fault of a process that cannot run', async () => {
      const [http, grpc] = (await freePorts(2)) as [number, number];
      const ports = ['--http-port', String(http), '--grpc-port', String(grpc)];
      const args = ['up', '--profile', 'distributed', '--data', folder, ...ports];
      const { code, stderr } = await runCli(args, { ...env, TRADEWIND_MODEL_URIS: '/nonexistent' });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/ProcessFailed: predictor must run, cannot: .*ArtifactNotFound/);
    }, 60_000);
  },
);
