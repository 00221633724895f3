import type { Bar } from '../../../events.ts';
import { HeaderInvalid } from '../../../errors.ts';
import { columnOf, type Columns, readHeader, requireColumns, splitCsv } from '../columns.ts';
import { finite, type LineFormat, type LineParser, type ParserOptions, validTime } from '../format.ts';
import { createTimeParser, type TimeParser } from '../time.ts';

const TIME_NAMES = ['timestamp', 'time', 'timestamp_utc', 'datetime', 'ts', 'date'] as const;
const MINUTE_US = 60_000_000;

/**
 * Bars as CSV with a header: columns by name in any case and order, `time` or `timestamp` (or `date`, with `time` beside it),
 * `open high low close`, and where there are `volume bid ask bid_size ask_size`; others are passed over. A row's time is the start
 * of its bar; its end is one interval later, the interval being the most common step of the first rows.
 */
export const barCsv: LineFormat = {
  name: 'bars',
  description:
    'CSV of bars with a header: time, open, high, low, close, volume and optionally bid, ask and sizes',
  recognises: (sample) => {
    const columns = readHeader(sample[0] ?? '');
    return ['open', 'high', 'low', 'close'].every((name) => columns.has(name));
  },
  createParser: (options) => new BarParser(options),
};

class BarParser implements LineParser {
  readonly hasHeader = true;
  readonly barIntervalUs: number;
  readonly #options: ParserOptions;
  readonly #parseTime: TimeParser;
  readonly #columns: Columns;
  readonly #time: number;
  readonly #clock: number | undefined;
  readonly #prices: readonly [number, number, number, number];
  /** Rows of some vendors have one field more than their header, date and time being one name. */
  readonly #shift: number;

  constructor(options: ParserOptions) {
    this.#options = options;
    this.#parseTime = createTimeParser(options.timeZone);
    const [header = '', ...rows] = options.sample;
    this.#columns = readHeader(header);
    const prices = requireColumns(options.path, header, this.#columns, ['open', 'high', 'low', 'close']);
    this.#prices = prices as [number, number, number, number];
    const named = columnOf(this.#columns, ...TIME_NAMES);
    if (named === undefined) throw new HeaderInvalid(options.path, ['time'], header);
    const date = this.#columns.get('date');
    const first = splitCsv(rows[0] ?? '');
    if (date === named) {
      this.#shift = first.length === splitCsv(header).length + 1 ? 1 : 0;
      this.#time = date;
      this.#clock = this.#shift === 1 ? date + 1 : undefined;
    } else {
      // Beside a date, `time` is mostly the time of day, but may be the whole.
      const isSplit =
        date !== undefined && Number.isFinite(this.#parseTime(`${first[date]} ${first[named]}`));
      this.#shift = 0;
      this.#time = isSplit ? date : named;
      this.#clock = isSplit ? named : undefined;
    }
    this.barIntervalUs = this.#commonStep(rows);
  }

  parse(line: string, lineNumber: number): readonly Bar[] {
    const fields = splitCsv(line);
    const startTimeUs = this.#startOf(fields);
    const [open, high, low, close] = this.#prices;
    return [
      {
        kind: 'bar',
        source: 'file.bar',
        symbol: this.#options.symbol,
        sequence: lineNumber,
        eventTimeUs: startTimeUs + this.barIntervalUs,
        receiveTimeUs: startTimeUs + this.barIntervalUs,
        startTimeUs,
        open: finite(this.#field(fields, open), 'open'),
        high: finite(this.#field(fields, high), 'high'),
        low: finite(this.#field(fields, low), 'low'),
        close: finite(this.#field(fields, close), 'close'),
        volume: this.#optional(fields, 'volume') ?? 0,
        ...this.#quote(fields),
      },
    ];
  }

  #quote(fields: readonly string[]): Partial<Bar> {
    const bidPrice = this.#optional(fields, 'bid');
    const askPrice = this.#optional(fields, 'ask');
    if (bidPrice === undefined || askPrice === undefined) return {};
    const bidSize = this.#optional(fields, 'bid_size') ?? 0;
    const askSize = this.#optional(fields, 'ask_size') ?? 0;
    return { bidPrice, askPrice, bidSize, askSize };
  }

  #field(fields: readonly string[], index: number): string | undefined {
    return fields[index > this.#time ? index + this.#shift : index];
  }

  #optional(fields: readonly string[], name: string): number | undefined {
    const index = this.#columns.get(name);
    if (index === undefined) return undefined;
    const text = this.#field(fields, index);
    return text === undefined || text === '' ? undefined : finite(text, name);
  }

  #startOf(fields: readonly string[]): number {
    const date = fields[this.#time] ?? '';
    const text = this.#clock === undefined ? date : `${date} ${fields[this.#clock] ?? ''}`;
    return validTime(this.#parseTime(text), text);
  }

  #commonStep(rows: readonly string[]): number {
    const times = rows.flatMap((row) => {
      try {
        return [this.#startOf(splitCsv(row))];
      } catch {
        return [];
      }
    });
    const counts = new Map<number, number>();
    for (let i = 1; i < times.length; i += 1) {
      const step = times[i]! - times[i - 1]!;
      if (step > 0) counts.set(step, (counts.get(step) ?? 0) + 1);
    }
    const [most] = [...counts].sort(([a, n], [b, m]) => m - n || a - b);
    return most?.[0] ?? MINUTE_US;
  }
}
