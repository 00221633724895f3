import { describe, expect, it } from 'vitest';

import { eventually } from '../../test/support/eventually.ts';
import { HistoryStatementFailed, HistoryUnavailable } from './errors.ts';
import { type Row, tickRow } from './rows.ts';
import { HistoryWriter } from './writer.ts';

const ticks = (count: number, from = 0): readonly Row[] =>
  Array.from({ length: count }, (_, i) =>
    tickRow({
      ...{
        kind: 'heartbeat',
        source: 's',
        symbol: 'ES',
        sequence: from + i,
        eventTimeUs: 1,
        receiveTimeUs: 1,
      },
    }),
  );

/** An engine that fails as told: a double, to inject faults. */
function engine(failures: readonly Error[] = []) {
  const left = [...failures];
  const inserts: (readonly Row[])[] = [];
  return {
    inserts,
    sequences: () => inserts.flat().map((row) => row['sequence']),
    insert: async (_table: string, rows: readonly Row[]): Promise<void> => {
      const failure = left.shift();
      if (failure !== undefined) throw failure;
      inserts.push(rows);
    },
  };
}

describe('HistoryWriter', () => {
  it('writes in batches no larger than the bound, in order', async () => {
    const { insert, inserts, sequences } = engine();
    const writer = new HistoryWriter(insert, { maxBatchRows: 10 });
    for (let i = 0; i < 35; i += 7) await writer.write('ticks', ticks(7, i));
    await writer.flush();
    expect(sequences()).toEqual(Array.from({ length: 35 }, (_, i) => i));
    expect(Math.max(...inserts.map((rows) => rows.length))).toBeLessThanOrEqual(10);
  });

  it('sends what waits once the delay is over', async () => {
    const { insert, sequences } = engine();
    const writer = new HistoryWriter(insert, { maxDelayMs: 20 });
    await writer.write('ticks', ticks(3));
    await eventually(() => sequences().length === 3);
  });

  it('ends trying when it is closed while the engine is away', async () => {
    let tries = 0;
    const writer = new HistoryWriter(async () => {
      tries += 1;
      throw new HistoryUnavailable('it is away');
    });
    await writer.write('ticks', ticks(1));
    const flushed = writer.flush();
    await eventually(() => tries > 0);
    writer.close();
    await expect(flushed).rejects.toThrow(HistoryUnavailable);
    await expect(writer.write('ticks', ticks(1))).rejects.toThrow(HistoryUnavailable);
  });

  it('tries again while the engine is away, tells of each try, and loses nothing', async () => {
    const away = new HistoryUnavailable('it is away');
    const { insert, sequences } = engine([away, away]);
    const told: Error[] = [];
    let written = 0;
    const writer = new HistoryWriter(insert, {
      maxBatchRows: 2,
      onFailed: (error) => told.push(error),
      onWritten: () => (written += 1),
    });
    await writer.write('ticks', ticks(5));
    await writer.flush();
    expect(sequences()).toEqual([0, 1, 2, 3, 4]);
    expect(told).toEqual([away, away]);
    expect(written).toBe(3);
  });

  it('lets writing wait when too much waits, instead of taking more', async () => {
    const gate = Promise.withResolvers<void>();
    const written: (readonly Row[])[] = [];
    const insert = async (_table: string, rows: readonly Row[]): Promise<void> => {
      await gate.promise;
      written.push(rows);
    };
    const writer = new HistoryWriter(insert, { maxBatchRows: 10, maxBufferedRows: 20 });
    let accepted = 0;
    const writing = (async () => {
      for (let i = 0; i < 20; i += 1) {
        await writer.write('ticks', ticks(10, i * 10));
        accepted += 10;
      }
    })();
    await eventually(() => accepted > 0);
    await new Promise((resolve) => setImmediate(resolve));
    // One batch is under way, and at most the bound and the write that passed it wait.
    expect(accepted).toBeLessThanOrEqual(40);
    gate.resolve();
    await writing;
    await writer.flush();
    expect(written.flat()).toHaveLength(200);
  });

  it('tells of a statement that can never succeed, at the flush and after', async () => {
    const { insert } = engine([new HistoryStatementFailed('no such column')]);
    const writer = new HistoryWriter(insert);
    await writer.write('ticks', ticks(1));
    await expect(writer.flush()).rejects.toThrow(HistoryStatementFailed);
    await expect(writer.write('ticks', ticks(1))).rejects.toThrow(HistoryStatementFailed);
  });
});
