import fc from 'fast-check';
import { expect, it } from 'vitest';

import { plainInk } from './ink.ts';
import { type Branch, drawTree } from './tree.ts';

/** Ordinary characters, wide ones, and those that break lines or steer a terminal. */
const TEXT = fc.string({
  unit: fc.constantFrom('a', 'é', '🙂', ' ', '\n', '\r', '\u001B', '\u009B', '\u2028'),
  maxLength: 6,
});
/** At most so many levels below the root. */
const LEVELS = 2;
const branchOf = (levels: number): fc.Arbitrary<Branch> =>
  fc.record({
    cells: fc.array(fc.record({ text: TEXT }), {
      minLength: 1,
      maxLength: 4,
    }),
    children: levels === 0 ? fc.constant([]) : fc.array(branchOf(levels - 1), { maxLength: 3 }),
  });

const count = ({ children = [] }: Branch): number =>
  1 + children.reduce((sum, child) => sum + count(child), 0);

it('draws one line for each branch, whatever the texts are, and nothing that steers a terminal', () => {
  fc.assert(
    fc.property(branchOf(LEVELS), (root) => {
      const lines = drawTree(root, plainInk);
      expect(lines).toHaveLength(count(root));
      // oxlint-disable-next-line no-control-regex -- these must not be there
      expect(lines.join('')).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
    }),
  );
});

it('sets cells of neighbours in columns, but not after those that are to be', () => {
  const row = (...texts: string[]): Branch => ({ cells: texts.map((text) => ({ text })) });
  const children = [row('a', 'long cell', 'c'), row('bbb', 'x', 'y', '')];
  expect(drawTree({ ...row('root'), children }, plainInk)).toEqual([
    'root',
    '├── a    long cell  c',
    '└── bbb  x          y',
  ]);
  expect(drawTree({ ...row('root'), children, columns: 1 }, plainInk)).toEqual([
    'root',
    '├── a    long cell  c',
    '└── bbb  x  y',
  ]);
});
