import { cpus } from 'node:os';

import { columns } from '../../cmd/tradewind/output.ts';

/** One measured quantity, a value for each repeat. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** What it should be at most, or at least. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
}

/** Median of numbers, the mean of the two in the middle for an even count; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Prints what a bench measured: a table, or with `json` one object with every value and the machine. */
export function report(
  bench: string,
  figures: readonly Figure[],
  { json, facts = {} }: { readonly json: boolean; readonly facts?: Readonly<Record<string, unknown>> },
): void {
  const summaries = figures.map(({ name, unit, values, target }) => ({
    ...{ name, unit, median: median(values), min: Math.min(...values), max: Math.max(...values) },
    ...{ repeats: values.length, values, ...(target === undefined ? {} : { target }) },
  }));
  if (json) {
    const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
    process.stdout.write(
      `${JSON.stringify({ bench, machine, ...facts, figures: summaries }, undefined, 2)}\n`,
    );
    return;
  }
  const rows = summaries.map(({ name, unit, median: middle, min, max, repeats, target }) => [
    name,
    `${digits(middle)} ${unit}`,
    repeats === 1 ? '' : `${digits(min)} to ${digits(max)}, ${repeats} runs`,
    target === undefined ? '' : targetText(target, middle),
  ]);
  process.stdout.write(columns(rows));
}

function targetText(target: NonNullable<Figure['target']>, value: number): string {
  const [word, bound, isMet] =
    'atMost' in target
      ? ['at most', target.atMost, value <= target.atMost]
      : ['at least', target.atLeast, value >= target.atLeast];
  return `target ${word} ${digits(bound)}: ${isMet ? 'met' : 'missed'}`;
}

/** Three digits that count, thousands with commas. */
function digits(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(3)).toLocaleString('en-US') : '-';
}
