import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { describeHistory } from '../../test/conformance/history.ts';
import type { HistoryUnderTest } from '../../test/conformance/history-fixture.ts';
import { openClickHouse } from '../../test/servers/clickhouse.ts';
import { eventually } from '../../test/support/eventually.ts';
import { type Engine, startEngine } from './embedded/start-engine.ts';
import { HistoryBusy, HistoryLoginFailed, HistoryUnavailable } from './errors.ts';
import type { HistoryAddress } from './connection.ts';
import { History } from './history.ts';
import type { Row } from './rows.ts';

const ENGINE_PROGRAM = new URL('./embedded/engine-process.ts', import.meta.url);

async function administered(
  address: Omit<HistoryAddress, 'database'>,
  close: () => Promise<void>,
): Promise<HistoryUnderTest> {
  const client = createClient(address);
  return {
    address,
    command: async (query) => {
      await client.command({ query });
    },
    rows: async (query) => (await client.query({ query, format: 'JSONEachRow' })).json<Row>(),
    close: async () => {
      await client.close();
      await close();
    },
  };
}

describeHistory('embedded engine', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tradewind-history-'));
  const engine = await startEngine(directory);
  return administered(engine, async () => {
    await engine.stop();
    await rm(directory, { recursive: true, force: true });
  });
});

describeHistory('server over HTTP', async () => {
  const server = await openClickHouse();
  return administered(server, () => server.stop());
});

describe('the embedded engine', () => {
  it('is open in one process only', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tradewind-history-'));
    const engine = await startEngine(directory);
    try {
      await expect(startEngine(directory)).rejects.toThrow(HistoryBusy);
    } finally {
      await engine.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('waits for one whose program was killed, until that has ended what it does', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tradewind-history-'));
    const orphan = fork(ENGINE_PROGRAM, [join(directory, 'data'), '0'], {
      env: { ...process.env, TRADEWIND_ENGINE_PASSWORD: 'p' },
    });
    let engine: Engine | undefined;
    try {
      const [{ port }] = (await once(orphan, 'message')) as [{ readonly port: number }];
      const authorization = `Basic ${Buffer.from('tradewind:p').toString('base64')}`;
      const statement = { method: 'POST', body: 'SELECT sleep(3)', headers: { authorization } };
      void fetch(`http://127.0.0.1:${port}/`, statement).catch(() => undefined);
      // Long after it has read the statement, and long before it has done it.
      await sleep(1_000);
      const leftMs = performance.now();
      let workedMs = 0;
      orphan.once('exit', () => (workedMs = performance.now() - leftMs));
      orphan.disconnect();
      engine = await startEngine(directory);
      await eventually(() => workedMs > 0, 10_000);
      expect(workedMs).toBeGreaterThan(500);
    } finally {
      orphan.kill('SIGKILL');
      await engine?.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('is started again when it dies, which is told, with all that it had written', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tradewind-history-'));
    const lost: string[] = [];
    const engine = await startEngine(directory, { onLost: (how) => lost.push(how) });
    const history = await History.open({ ...engine, database: 'again' });
    try {
      await history.putFeatureNames('core-v1', ['return_1']);
      process.kill(engine.pid(), 'SIGKILL');
      const sets = await eventually(() => history.featureSets(), 20_000);
      expect(sets).toEqual([{ featureSet: 'core-v1', names: ['return_1'], bars: [] }]);
    } finally {
      await history.close();
      await engine.stop();
      expect(lost).toEqual(['SIGKILL']);
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('answers nobody without its password', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tradewind-history-'));
    const engine = await startEngine(directory);
    try {
      const answer = await fetch(`${engine.url}/?query=SELECT%201`);
      expect(answer.status).toBe(403);
    } finally {
      await engine.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('a statement over HTTP', () => {
  let server: Awaited<ReturnType<typeof openClickHouse>>;
  beforeAll(async () => {
    server = await openClickHouse();
  });
  afterAll(() => server.stop());
  const ask = (parameters: string, init: RequestInit = {}) =>
    fetch(`${server.url}/?${parameters}`, {
      method: 'POST',
      ...init,
      headers: {
        authorization: `Basic ${Buffer.from(`${server.username}:${server.password}`).toString('base64')}`,
        ...(init.headers as Record<string, string>),
      },
    });

  it('takes its settings and parameters for itself alone', async () => {
    const query = "SELECT {text:String}, getSetting('max_block_size')";
    const one = await ask(`max_block_size=77&param_text=${encodeURIComponent("it's \\\\")}`, { body: query });
    expect(await one.text()).toBe("it\\'s \\\\\t77\n");
    const other = await ask('param_text=x', { body: query });
    expect(await other.text()).toMatch(/^x\t(?!77\n)\d+\n$/);
  });

  it('is taken compressed and answered compressed', async () => {
    const answer = await ask('enable_http_compression=1', {
      headers: { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' },
      body: gzipSync('SELECT 42'),
    });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.text()).toBe('42\n');
  });

  it('fails with the code of its exception, and the next one does not', async () => {
    const failed = await ask('max_block_size=77', { body: 'SELECT * FROM nowhere' });
    expect(failed.headers.get('x-clickhouse-exception-code')).toBe('60');
    expect(failed.status).toBe(404);
    expect(
      (await ask('no_such_setting=1', { body: 'SELECT 1' })).headers.get('x-clickhouse-exception-code'),
    ).toBe('115');
    expect(await (await ask('', { body: "SELECT getSetting('max_block_size') = 77" })).text()).toBe('0\n');
  });
});

describe('a history that is away', () => {
  it('says so of a wrong password', async () => {
    const server = await openClickHouse();
    const { url, username } = server;
    try {
      const opening = History.open({ url, username, password: 'wrong', database: 'x' });
      await expect(opening).rejects.toThrow(HistoryLoginFailed);
    } finally {
      await server.stop();
    }
  });

  it('says so', async () => {
    const address = { url: 'http://127.0.0.1:1', username: 'x', password: '', database: 'x' };
    await expect(History.open(address)).rejects.toThrow(HistoryUnavailable);
  });
});
