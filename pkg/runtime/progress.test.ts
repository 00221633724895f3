import { expect, it } from 'vitest';

import { createProgress } from './progress.ts';

/** What a stream of a kind of terminal is told of two stages. */
function told(terminal: { readonly isTTY: boolean; readonly colours: number }, isQuiet = false): string {
  let text = '';
  const stream = {
    isTTY: terminal.isTTY,
    columns: 80,
    getColorDepth: () => terminal.colours,
    write: (part: string) => (text += part),
    on: () => stream,
    once: () => stream,
    removeListener: () => stream,
  };
  const progress = createProgress(stream as unknown as NodeJS.WriteStream, { isQuiet });
  progress.update('features', 1, 2);
  progress.update('features', 2, 2);
  progress.update('export', 1, 1);
  progress.stop();
  return text;
}

it('says in a pipe, and on a terminal without colours, what begins, and moves no cursor', () => {
  expect(told({ isTTY: false, colours: 24 })).toBe('  features …\n');
  expect(told({ isTTY: true, colours: 1 })).toBe('  features …\n');
});

it('draws a bar on a terminal', () => {
  expect(told({ isTTY: true, colours: 8 })).toContain('\u001B[');
});

it('says nothing to a program', () => {
  expect(told({ isTTY: false, colours: 24 }, true)).toBe('');
});
