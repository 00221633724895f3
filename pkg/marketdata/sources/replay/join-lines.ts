import type { LineBatch } from './lines.ts';

/**
 * Lines of two files side by side, joined by `|`. Where one file ends early its half is empty, so that nothing of the other is lost
 * in silence; where both halves are empty, so is the line.
 */
export async function* joinLines(
  left: AsyncIterable<LineBatch>,
  right: AsyncIterable<LineBatch>,
): AsyncGenerator<LineBatch> {
  const iterator = right[Symbol.asyncIterator]();
  const waiting: (string | undefined)[] = [];
  let nextLine = 1;
  try {
    for await (const { firstLine, lines } of left) {
      while (waiting.length < lines.length) {
        const next = await iterator.next();
        if (next.done === true) break;
        waiting.push(...next.value.lines);
      }
      const beside = waiting.splice(0, lines.length);
      nextLine = firstLine + lines.length;
      yield { firstLine, lines: lines.map((line, i) => join(line, i < beside.length ? beside[i] : '')) };
    }
    for (;;) {
      if (waiting.length > 0) yield { firstLine: nextLine, lines: waiting.map((line) => join('', line)) };
      nextLine += waiting.length;
      const next = await iterator.next();
      if (next.done === true) return;
      waiting.splice(0, waiting.length, ...next.value.lines);
    }
  } finally {
    await iterator.return?.();
  }
}

/** A line that was too long on either side is too long. */
function join(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || right === undefined) return undefined;
  return left.trim() === '' && right.trim() === '' ? '' : `${left}|${right}`;
}
