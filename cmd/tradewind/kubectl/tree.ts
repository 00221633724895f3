import type { Ink, Tone } from './ink.ts';

/** A piece of a line. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** A line of a tree and what hangs below it. Cells of branches side by side stand in columns. */
export interface Branch {
  readonly cells: readonly Cell[];
  readonly children?: readonly Branch[];
  /** How many cells of each child stand in columns; all where left out. */
  readonly columns?: number;
}

const GAP = '  ';

/** The lines of a tree, the root first. Each branch is one line: what is not printable in a text becomes a space. */
export function drawTree(root: Branch, ink: Ink): readonly string[] {
  return [...lineOf(root.cells, [], ink), ...below(root, '', ink)];
}

function below({ children = [], columns = Infinity }: Branch, indent: string, ink: Ink): readonly string[] {
  const widths = widthsOf(children, columns);
  return children.flatMap((child, at) => {
    const isLast = at === children.length - 1;
    const [own] = lineOf(child.cells, widths, ink);
    return [
      ink(`${indent}${isLast ? '└── ' : '├── '}`, 'dim') + own,
      ...below(child, `${indent}${isLast ? '    ' : '│   '}`, ink),
    ];
  });
}

function widthsOf(branches: readonly Branch[], columns: number): readonly number[] {
  const widths: number[] = [];
  // The last cell of a line pushes nothing.
  for (const { cells } of branches)
    for (const [at, { text }] of cells.slice(0, Math.min(columns, cells.length - 1)).entries())
      widths[at] = Math.max(widths[at] ?? 0, widthOf(text));
  return widths;
}

function lineOf(cells: readonly Cell[], widths: readonly number[], ink: Ink): readonly [string] {
  const last = cells.findLastIndex(({ text }) => text !== '');
  const parts = cells.slice(0, last + 1).map(({ text, tone = 'plain' }, at) => {
    const shown = printable(text);
    const padding = at === last ? 0 : Math.max(0, (widths[at] ?? 0) - widthOf(text));
    return `${ink(shown, tone)}${' '.repeat(padding)}`;
  });
  return [parts.join(GAP)];
}

const SEGMENTER = new Intl.Segmenter();
/** Characters as people count them. */
const widthOf = (text: string): number => [...SEGMENTER.segment(printable(text))].length;

/** Messages come from pods and other people: they must neither break lines nor steer the terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ');
}
