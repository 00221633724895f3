import fc from 'fast-check';
import { expect, it } from 'vitest';

import { linesOf } from './json-lines.ts';

it('gives the same lines wherever the stream is cut, and drops half a line at its end', async () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => text.trim() !== '' && !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(200)), line, async (lines, cuts, half) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('') + half);
      const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted(
        (a, b) => a - b,
      );
      async function* chunks(): AsyncGenerator<Uint8Array> {
        let from = 0;
        for (const end of ends) {
          yield bytes.subarray(from, end);
          from = end;
        }
      }
      const got: string[] = [];
      for await (const text of linesOf(chunks())) got.push(text);
      expect(got).toEqual(lines);
    }),
  );
});
