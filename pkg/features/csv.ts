import { FeatureRowInvalid } from './errors.ts';

/** A row of a feature file. */
export interface FeatureRow {
  readonly timeUs: number;
  readonly symbol: string;
  /** Shape [f], NaN where blank. */
  readonly values: Float64Array;
}

/** Header and rows of a feature file: `time_us,symbol,<feature>...`, shortest digits that read back the same, blank = absent. */
export function featureCsvHeader(names: readonly string[]): string {
  return `time_us,symbol,${names.join(',')}\n`;
}

export function featureCsvRow({
  timeUs,
  symbol,
  values,
}: {
  readonly timeUs: number;
  readonly symbol: string;
  readonly values: ArrayLike<number>;
}): string {
  let row = `${timeUs},${symbol}`;
  for (let i = 0; i < values.length; i += 1) row += `,${text(values[i]!)}`;
  return `${row}\n`;
}

/** Shortest digits that read back the same; a template alone would drop the sign of -0. */
function text(value: number): string {
  if (Number.isNaN(value)) return '';
  return Object.is(value, -0) ? '-0' : `${value}`;
}

/**
 * Reads the header of a feature file.
 *
 * @returns Names of the features.
 * @throws {FeatureRowInvalid}
 */
export function parseFeatureHeader(line: string): readonly string[] {
  const [time, symbol, ...names] = line.trim().split(',');
  if (time !== 'time_us' || symbol !== 'symbol' || names.length === 0 || names.some((name) => name === '')) {
    throw new FeatureRowInvalid(`header must be time_us,symbol,<feature>..., was '${line.slice(0, 120)}'`, 1);
  }
  if (new Set(names).size !== names.length)
    throw new FeatureRowInvalid('every feature must be named once', 1);
  return names;
}

/** Decimal digits only: `Number` alone would take blanks, hexadecimal and `Infinity` for numbers. */
const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WHOLE = /^-?\d+$/;

/** @throws {FeatureRowInvalid} Naming line and column. */
export function parseFeatureRow(text: string, line: number, names: readonly string[]): FeatureRow {
  const fields = text.replace(/\r?\n?$/, '').split(',');
  if (fields.length !== names.length + 2) {
    throw new FeatureRowInvalid(`row must have ${names.length + 2} fields, had ${fields.length}`, line);
  }
  const timeUs = WHOLE.test(fields[0]!) ? Number(fields[0]) : Number.NaN;
  if (!Number.isSafeInteger(timeUs))
    throw new FeatureRowInvalid(`must be microseconds, was '${fields[0]}'`, line, 'time_us');
  if (fields[1] === '') throw new FeatureRowInvalid('must not be blank', line, 'symbol');
  const values = new Float64Array(names.length);
  for (let i = 0; i < names.length; i += 1) {
    const field = fields[i + 2]!;
    values[i] = DECIMAL.test(field) ? Number(field) : Number.NaN;
    if (field !== '' && !Number.isFinite(values[i])) {
      throw new FeatureRowInvalid(`must be a finite number or blank, was '${field}'`, line, names[i]);
    }
  }
  return { timeUs, symbol: fields[1]!, values };
}
