import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '../../../pkg/runtime/clock.ts';
import { upConfigSchema } from './config.ts';
import { openStream } from './stream.ts';

describe('the stream of a recording whose times have no zone', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-stream-'));
    await writeFile(join(folder, 'ES.csv'), 'time,bid,ask\n2024-07-01 09:30:00,1,2\n');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function open(timeZone?: string) {
    const source = {
      ...{ kind: 'replay', file: join(folder, 'ES.csv') },
      ...(timeZone === undefined ? {} : { timeZone }),
    };
    const stream = await openStream(upConfigSchema.parse({ source }), systemClock);
    for await (const [item] of stream.source.read({})) {
      if (item !== undefined && 'event' in item) return { ...stream, firstUs: item.event.eventTimeUs };
    }
    throw new Error('the recording must have an event');
  }

  it('is read in the zone given, by predictions and training alike, and kept apart from other readings', async () => {
    const utc = await open();
    const newYork = await open('America/New_York');
    expect(utc.firstUs).toBe(Date.UTC(2024, 6, 1, 9, 30) * 1000);
    expect(newYork.firstUs).toBe(Date.UTC(2024, 6, 1, 13, 30) * 1000);
    expect(newYork.trainingInput).toMatchObject({ timeZone: 'America/New_York' });
    expect(newYork.name).not.toBe(utc.name);
  });
});
