import { expect, test } from 'vitest';

import { colourInk, inkFor, plainInk } from './ink.ts';

test.each([
  ['a terminal', true, {}, colourInk],
  ['a terminal and an empty NO_COLOR', true, { NO_COLOR: '' }, colourInk],
  ['a terminal and NO_COLOR', true, { NO_COLOR: '1' }, plainInk],
  ['a terminal that can do nothing', true, { TERM: 'dumb' }, plainInk],
  ['a pipe', undefined, {}, plainInk],
] as const)('colours for %s are as they should be', (_, isTTY, env, ink) => {
  expect(inkFor(isTTY === undefined ? {} : { isTTY }, env)).toBe(ink);
});
