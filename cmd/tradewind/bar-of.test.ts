import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { TrainingInput } from '../../pkg/training/training-job.ts';
import { barOfInputs } from './bar-of.ts';
import { FlagsInvalid } from './errors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-bar-of-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function replayOf(name: string, lines: readonly string[]): Promise<TrainingInput> {
  const file = join(folder, name);
  await writeFile(file, `${lines.join('\n')}\n`);
  return { kind: 'replay', file };
}

const barsOf = (name: string, seconds: number): Promise<TrainingInput> =>
  replayOf(name, [
    'time,open,high,low,close',
    ...Array.from({ length: 5 }, (_, i) => `${1_700_000_000 + i * seconds},1,2,0.5,1`),
  ]);
const ticks = (): Promise<TrainingInput> =>
  replayOf('quotes.csv', ['time,bid,ask', '1700000000,1,2', '1700000001,1,2']);

describe('bar clock of what a model is trained on', () => {
  it('is that of the bars of a bar file, whatever was asked for', async () => {
    const inputs = [await barsOf('a.csv', 60), await barsOf('b.csv', 60)];
    expect(await barOfInputs(inputs, 'time:1000')).toBe('time:60000');
  });

  it('is the one asked for where there are ticks or features', async () => {
    expect(await barOfInputs([await ticks()], 'time:0250')).toBe('time:250');
    expect(await barOfInputs([{ kind: 'features', file: 'x' }], 'trades:10')).toBe('trades:10');
  });

  it('is refused where files differ', async () => {
    const inputs = [await barsOf('c.csv', 60), await barsOf('d.csv', 300)];
    await expect(barOfInputs(inputs, 'time:1000')).rejects.toThrow(FlagsInvalid);
    await expect(barOfInputs(inputs, 'time:1000')).rejects.toThrow(/time:60000, time:300000/);
    await expect(barOfInputs([inputs[0]!, await ticks()], 'time:1000')).rejects.toThrow(FlagsInvalid);
  });
});
