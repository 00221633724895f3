import { HeaderInvalid } from '../../errors.ts';

/** Index of each named column. */
export type Columns = ReadonlyMap<string, number>;

/** Splits a CSV line. None of the formats quotes fields; a pair of quotes around one is taken off. */
export function splitCsv(line: string): string[] {
  const fields = line.split(',');
  for (let i = 0; i < fields.length; i += 1) {
    const field = fields[i]!.trim();
    fields[i] = field.length > 1 && field.startsWith('"') && field.endsWith('"') ? field.slice(1, -1) : field;
  }
  return fields;
}

/** Columns of a header, names folded to lower case without spaces; an unnamed first column is `time`. */
export function readHeader(line: string): Columns {
  const columns = new Map<string, number>();
  for (const [index, name] of splitCsv(line.replace(/^\u{feff}/u, '')).entries()) {
    const folded = name.toLowerCase().replaceAll(' ', '_');
    columns.set(folded === '' && index === 0 ? 'time' : folded, index);
  }
  return columns;
}

/** First of the names that the header has. */
export function columnOf(columns: Columns, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const index = columns.get(name);
    if (index !== undefined) return index;
  }
  return undefined;
}

/** @throws {HeaderInvalid} One of the columns is not there. */
export function requireColumns(
  path: string,
  line: string,
  columns: Columns,
  names: readonly string[],
): readonly number[] {
  const missing = names.filter((name) => !columns.has(name));
  if (missing.length > 0) throw new HeaderInvalid(path, missing, line);
  return names.map((name) => columns.get(name)!);
}
