import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { FileTrafficSource } from './file-source.ts';
import type { ModelTraffic } from './traffic.ts';

let folder: string;
let file: string;
let stop: AbortController;
let seen: (readonly ModelTraffic[])[];
let problems: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-traffic-'));
  file = join(folder, 'traffic.yaml');
  stop = new AbortController();
  seen = [];
  problems = [];
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true });
});

const textOf = (weight: number): string =>
  JSON.stringify({
    models: [
      {
        ...{ model: 'm', symbols: ['ES'], generation: weight },
        targets: [
          { revision: 'm-a', weight: 100 - weight, predictors: ['127.0.0.1:1'] },
          { revision: 'm-b', weight },
        ],
      },
    ],
  });
const follow = (source = new FileTrafficSource(file, ({ code }) => problems.push(code))) => ({
  source,
  done: source.follow(stop.signal, (models) => seen.push(models)),
});

it('tells the traffic of a file, and each change of it', async () => {
  await writeFile(file, textOf(5));
  const { source, done } = follow();
  await eventually(() => expect(seen).toHaveLength(1));
  expect(seen[0]).toMatchObject([
    {
      model: 'm',
      generation: 5,
      targets: [
        { weight: 95, isShadow: false },
        { weight: 5, predictors: [] },
      ],
    },
  ]);
  await writeFile(file, textOf(25));
  await eventually(() => expect(seen.at(-1)).toMatchObject([{ generation: 25 }]));
  expect(source.isBlind).toBe(false);
  stop.abort();
  await done;
});

it('keeps the traffic when a change cannot be used, says so, and takes the next one that can', async () => {
  await writeFile(file, textOf(5));
  const { source } = follow();
  await eventually(() => expect(seen).toHaveLength(1));
  await writeFile(file, textOf(5).replace('"weight":5', '"weight":50'));
  await eventually(() => expect(problems).toEqual(['ConfigInvalid']));
  expect(source.isBlind).toBe(true);
  await rm(file);
  await eventually(() => expect(problems).toEqual(['ConfigInvalid', 'FileUnreadable']));
  expect(seen).toHaveLength(1);
  await writeFile(file, textOf(25));
  await eventually(() => expect(seen).toHaveLength(2));
  expect(source.isBlind).toBe(false);
});

it.each([
  ['nothing there', undefined, 'FileUnreadable'],
  ['weights that do not add up', textOf(5).replace('95', '90'), 'ConfigInvalid'],
  ['a revision named twice', textOf(5).replace('m-b', 'm-a'), 'ConfigInvalid'],
  ['no YAML', '{', 'ConfigInvalid'],
])('does not start with %s', async (_what, text, code) => {
  if (text !== undefined) await writeFile(file, text);
  await expect(follow().done).rejects.toMatchObject({ code });
});
