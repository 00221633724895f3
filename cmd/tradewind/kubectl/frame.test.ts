import { expect, it } from 'vitest';

import { frameOf } from './frame.ts';

// oxlint-disable-next-line no-control-regex -- the sequences of a terminal
const TOKEN = /\u001B\[(?:(\d+)A|\??\d*([KJlh]))|\n|\r|[^\u001B\n\r]+/g;

/** What a terminal of endless width holds after the frames: enough of one for what frames are made of. */
function screenOf(frames: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let at = 0;
  for (const [token, up, kind] of frames.join('').matchAll(TOKEN)) {
    if (up !== undefined) at -= Number(up);
    else if (kind === 'J') lines.length = at;
    else if (token === '\n') at += 1;
    else if (kind === undefined && token !== '\r') lines[at] = token;
  }
  return lines;
}

it('leaves only the last lines on the terminal, be they more or fewer than before', () => {
  const first = frameOf(['a', 'b', 'c'], 0, 24);
  const second = frameOf(['d'], first.lines, 24);
  const third = frameOf(['e', 'f'], second.lines, 24);
  expect(screenOf([first.text, second.text])).toEqual(['d']);
  expect(screenOf([first.text, second.text, third.text])).toEqual(['e', 'f']);
});

it('never has more lines than the terminal can go back over', () => {
  const { lines, text } = frameOf(['a', 'b', 'c', 'd', 'e'], 0, 4);
  expect(lines).toBe(3);
  expect(screenOf([text])).toEqual(['a', 'b', '… 3 more lines: the terminal is too low']);
});
