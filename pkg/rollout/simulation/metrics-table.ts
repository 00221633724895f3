import { MetricsTableInvalid } from '../errors.ts';

/** What is measured of one revision from a moment on. */
export interface MetricRow {
  /** Since the rollout began. */
  readonly seconds: number;
  /** A metric of the spec, or `Ready` (1 or 0: whether the update's pods are) or `Requests` (that came since the row before). */
  readonly metric: string;
  readonly revision: 'update' | 'stable';
  /** NaN where nothing could be measured. */
  readonly value: number;
  /** Requests or outcomes that the value rests on, since the row before. */
  readonly samples: number;
}

/** What rows may name beside the metrics of the spec. */
export const SPECIAL_METRICS = ['Ready', 'Requests'] as const;
const COLUMNS = ['seconds', 'metric', 'revision', 'value', 'samples'] as const;
const REQUIRED = ['seconds', 'metric', 'value'] as const;
type Column = (typeof COLUMNS)[number];

/**
 * Reads a table of metrics: comma-separated, the first line names the columns, empty lines and lines that begin with # are left out.
 *
 * @param metrics - Names that the spec has.
 * @returns Rows by time; those of one time in the order of the table.
 * @throws {MetricsTableInvalid} The first line, column or number that is wrong.
 */
export function readMetricsTable(text: string, metrics: readonly string[]): readonly MetricRow[] {
  const lines = text
    .split(/\r?\n/)
    .map((line, i) => ({ number: i + 1, cells: line.split(',').map((cell) => cell.trim()), line }))
    .filter(({ line }) => line.trim() !== '' && !line.startsWith('#'));
  const [header, ...rows] = lines;
  if (header === undefined)
    throw new MetricsTableInvalid(1, `must name columns (${COLUMNS.join(', ')}), is empty`);
  const columns = columnsOf(header.number, header.cells);
  return rows
    .map(({ number, cells }) => rowOf(number, cells, columns, metrics))
    .toSorted((a, b) => a.seconds - b.seconds);
}

function columnsOf(line: number, cells: readonly string[]): readonly Column[] {
  const isColumn = (name: string): name is Column => COLUMNS.some((column) => column === name);
  for (const cell of cells) {
    if (!isColumn(cell)) {
      throw new MetricsTableInvalid(line, `columns must be among ${COLUMNS.join(', ')}, was '${cell}'`);
    }
  }
  const columns = cells.filter(isColumn);
  if (new Set(columns).size < columns.length)
    throw new MetricsTableInvalid(line, 'columns must differ, one stands twice');
  const missing = REQUIRED.filter((column) => !columns.includes(column));
  if (missing.length > 0)
    throw new MetricsTableInvalid(line, `columns must have ${missing.join(', ')}, do not`);
  return columns;
}

function rowOf(
  line: number,
  cells: readonly string[],
  columns: readonly Column[],
  metrics: readonly string[],
): MetricRow {
  if (cells.length !== columns.length) {
    throw new MetricsTableInvalid(line, `must have ${columns.length} cells, has ${cells.length}`);
  }
  const cell = (column: Column): string => cells[columns.indexOf(column)] ?? '';
  const metric = cell('metric');
  const known = [...SPECIAL_METRICS, ...metrics];
  if (!known.includes(metric)) {
    throw new MetricsTableInvalid(line, `metric must be one of ${known.join(', ')}, was '${metric}'`);
  }
  const revision = cell('revision') === '' ? 'update' : cell('revision');
  if (revision !== 'update' && revision !== 'stable') {
    throw new MetricsTableInvalid(line, `revision must be update or stable, was '${revision}'`);
  }
  const value = cell('value') === '' || cell('value') === 'NaN' ? Number.NaN : Number(cell('value'));
  if (Number.isNaN(value) && !['', 'NaN'].includes(cell('value'))) {
    throw new MetricsTableInvalid(line, `value must be a number, or empty, was '${cell('value')}'`);
  }
  return {
    seconds: whole(line, 'seconds', cell('seconds')),
    ...{ metric, revision, value },
    samples: cell('samples') === '' ? 0 : whole(line, 'samples', cell('samples')),
  };
}

function whole(line: number, what: string, text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0) {
    throw new MetricsTableInvalid(line, `${what} must be a number of at least 0, was '${text}'`);
  }
  return value;
}
