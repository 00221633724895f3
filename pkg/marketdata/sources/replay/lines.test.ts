import { createWriteStream, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RecordingCorrupt, RecordingUnreadable } from '../../errors.ts';
import { fileWith } from './files.testing.ts';
import { firstLines, type LineBatch, MAX_LINE_BYTES, readLines } from './lines.ts';

async function allLines(path: string): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const { firstLine, lines } of readLines(path)) {
    expect(firstLine).toBe(found.length + 1);
    found.push(...lines);
  }
  return found;
}

describe('lines of a file', () => {
  it('are those of the text, however it falls into chunks, compressed or not', async () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\n', ' ')),
      fc.integer({ min: 1, max: 300_000 }).map((length) => 'é'.repeat(length)),
    );
    const path = fileWith('any', '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        async (lines, ends, gzip) => {
          const text = lines.join('\n') + (ends && lines.length > 0 ? '\n' : '');
          writeFileSync(path, gzip ? gzipSync(text, { level: 1 }) : text);
          const expected = text === '' ? [] : text.split('\n');
          if (expected.at(-1) === '') expected.pop();
          // Lone surrogates become replacement characters on the way to UTF-8.
          expect(await allLines(path)).toEqual(expected.map((each) => each.toWellFormed()));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('gives up a line of more than the maximum, and goes on after it', async () => {
    const long = 'x'.repeat(MAX_LINE_BYTES + 1);
    const fitting = 'y'.repeat(MAX_LINE_BYTES);
    const found = await allLines(fileWith('long', `a\n${long}\n${fitting}\nb\n${long}`));
    expect(found.map((line) => line?.length)).toEqual([1, undefined, MAX_LINE_BYTES, 1, undefined]);
  });

  it('holds no line of 1 GB in memory', async () => {
    const member = gzipSync(Buffer.alloc(64 * 1024 * 1024, 'x'), { level: 1 });
    const path = fileWith('huge.gz', gzipSync('before\n'));
    const out = createWriteStream(path, { flags: 'a' });
    for (let i = 0; i < 16; i += 1) out.write(member);
    out.end(gzipSync('\nafter\n'));
    await once(out, 'finish');
    const before = process.memoryUsage().rss;
    let peak = 0;
    const found: LineBatch['lines'][number][] = [];
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss - before);
    }, 20);
    for await (const { lines } of readLines(path)) found.push(...lines);
    clearInterval(watch);
    expect(found).toEqual(['before', undefined, 'after']);
    expect(peak / 1024 / 1024).toBeLessThan(400);
  }, 90_000);

  it('says that gzip data end early, after the lines before', async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i} ${Math.sin(i)}`).join('\n');
    const whole = gzipSync(lines);
    const path = fileWith('cut.gz', whole.subarray(0, whole.length - 100));
    const found: (string | undefined)[] = [];
    const read = async () => {
      for await (const batch of readLines(path)) found.push(...batch.lines);
    };
    await expect(read()).rejects.toThrow(RecordingCorrupt);
    expect(found.length).toBeGreaterThan(100_000);
  });

  it.each([
    [
      'gzip data that are damaged',
      'x.gz',
      Buffer.concat([gzipSync('a\nb\n').subarray(0, 12), Buffer.alloc(40, 7)]),
    ],
    ['no gzip data behind the name', 'x.gz', 'a,b,c\n'],
  ])('refuses %s', async (_case, name, content) => {
    await expect(allLines(fileWith(name, content))).rejects.toThrow(RecordingCorrupt);
  });

  it('knows gzip data by their first bytes too', async () => {
    expect(await allLines(fileWith('plain-name', gzipSync('a\nb')))).toEqual(['a', 'b']);
  });

  it('refuses what is not there and what is a folder', async () => {
    await expect(allLines('/nowhere/at/all')).rejects.toThrow(RecordingUnreadable);
    await expect(allLines('/tmp')).rejects.toThrow(RecordingUnreadable);
  });

  it('samples the first lines that are not blank, cut short', async () => {
    const path = fileWith('sample', `\n \r\none\r\n${'t'.repeat(9000)}\nthree\n`);
    expect(await firstLines(path, 2)).toEqual(['one', 't'.repeat(4096)]);
    await expect(firstLines(fileWith('endless', 'x'.repeat(MAX_LINE_BYTES + 1)), 5)).rejects.toThrow(
      /longer than 16777216 bytes/,
    );
  });
});
