import type { LineBatch } from './lines.ts';

/** Lines of two files side by side, joined by `|`; where the second ends early, its half is empty. */
export async function* joinLines(
  left: AsyncIterable<LineBatch>,
  right: AsyncIterable<LineBatch>,
): AsyncGenerator<LineBatch> {
  const iterator = right[Symbol.asyncIterator]();
  const waiting: (string | undefined)[] = [];
  for await (const { firstLine, lines } of left) {
    while (waiting.length < lines.length) {
      const next = await iterator.next();
      if (next.done === true) break;
      waiting.push(...next.value.lines);
    }
    const beside = waiting.splice(0, lines.length);
    yield {
      firstLine,
      lines: lines.map((line, i) => (line === undefined ? undefined : `${line}|${beside[i] ?? ''}`)),
    };
  }
}
