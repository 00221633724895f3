import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { joinLines } from './join-lines.ts';
import type { LineBatch } from './lines.ts';

type Lines = readonly (string | undefined)[];

async function* inBatches(lines: Lines, size: number): AsyncGenerator<LineBatch> {
  for (let i = 0; i < lines.length; i += size)
    yield await Promise.resolve({ firstLine: i + 1, lines: lines.slice(i, i + size) });
}

async function joined(left: Lines, right: Lines, leftSize = 2, rightSize = 3): Promise<Lines> {
  const found: (string | undefined)[] = [];
  for await (const { firstLine, lines } of joinLines(
    inBatches(left, leftSize),
    inBatches(right, rightSize),
  )) {
    expect(firstLine).toBe(found.length + 1);
    found.push(...lines);
  }
  return found;
}

describe('lines of two files side by side', () => {
  it('joins line by line, however both fall into chunks and whichever ends first', async () => {
    const line = fc.constantFrom('a', 'b', '', ' ', undefined);
    const size = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.array(line),
        size,
        size,
        async (left, right, leftSize, rightSize) => {
          const expected = Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
            const [l, r] = [i < left.length ? left[i] : '', i < right.length ? right[i] : ''];
            if (l === undefined || r === undefined) return undefined;
            return l.trim() === '' && r.trim() === '' ? '' : `${l}|${r}`;
          });
          expect(await joined(left, right, leftSize, rightSize)).toEqual(expected);
        },
      ),
    );
  });

  it('closes the second file when the reader stops', async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<LineBatch> {
      try {
        for (let firstLine = 1; ; firstLine += 1) yield await Promise.resolve({ firstLine, lines: ['x'] });
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of joinLines(endless(), endless())) break;
    expect(isClosed).toBe(true);
  });
});
