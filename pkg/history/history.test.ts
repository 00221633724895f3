import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient } from '@clickhouse/client';
import { describe, expect, it } from 'vitest';

import { describeHistory, type HistoryUnderTest } from '../../test/conformance/history.ts';
import { eventually } from '../../test/support/eventually.ts';
import { startEngine } from './embedded/start-engine.ts';
import { HistoryBusy, HistoryUnavailable } from './errors.ts';
import { History, type HistoryAddress } from './history.ts';

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

describe('the embedded engine', () => {
  it('is open in one process only', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tradewind-history-'));
    const engine = await startEngine(directory);
    try {
      // The process that started the tests lives on: it stands for another owner.
      await writeFile(join(directory, 'engine.lock'), String(process.ppid));
      await expect(startEngine(directory)).rejects.toThrow(HistoryBusy);
    } finally {
      await engine.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('is started again when it dies, with all that it had written', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tradewind-history-'));
    const engine = await startEngine(directory);
    const history = await History.open({ ...engine, database: 'again' });
    try {
      await history.putFeatureNames('core-v1', ['return_1']);
      process.kill(engine.pid(), 'SIGKILL');
      const sets = await eventually(() => history.featureSets(), 20_000);
      expect(sets).toEqual([{ featureSet: 'core-v1', names: ['return_1'], bars: [] }]);
    } finally {
      await history.close();
      await engine.stop();
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

describe('a history that is away', () => {
  it('says so', async () => {
    const address = { url: 'http://127.0.0.1:1', username: 'x', password: '', database: 'x' };
    await expect(History.open(address)).rejects.toThrow(HistoryUnavailable);
  });
});
