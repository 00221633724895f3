import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import type { MarketEvent, Quote, Side, Trade } from '../../events.ts';
import { HeaderInvalid, RecordingCorrupt } from '../../errors.ts';
import { malformed, validTime } from './format.ts';
import { createTimeParser } from './time.ts';

/** Rows made at once at most. Reads never cross a row group, since each read decodes its groups anew. */
const MAX_ROWS_PER_READ = 100_000;
/** Timestamps as microseconds: the reader's own Date would cut them to milliseconds. */
const TIMESTAMPS = {
  timestampFromMilliseconds: (ms: bigint) => ms * 1000n,
  timestampFromMicroseconds: (us: bigint) => us,
  timestampFromNanoseconds: (ns: bigint) => ns / 1000n,
};

type Row = Readonly<Record<string, unknown>>;
/** The event of a row, made only when asked: it may be malformed. */
type LazyEvent = () => MarketEvent;

/**
 * Rows of a Parquet file of trades (`timestamp trade_id price quantity buyer_maker`) or quotes (`timestamp bid ask bid_size
 * ask_size`).
 *
 * @throws {RecordingCorrupt | HeaderInvalid} After all rows before the fault were given.
 */
export async function* readParquet(path: string, symbol: string): AsyncGenerator<readonly LazyEvent[]> {
  const { file, metadata, toEvent } = await open(path, symbol);
  for (const { rowStart, rowEnd } of ranges(metadata.row_groups.map((group) => Number(group.num_rows)))) {
    let objects: readonly Row[];
    try {
      objects = await parquetReadObjects({
        file,
        metadata,
        compressors,
        parsers: TIMESTAMPS,
        rowStart,
        rowEnd,
      });
    } catch (error) {
      throw new RecordingCorrupt(path, `its rows ${rowStart + 1} to ${rowEnd} cannot be read`, error);
    }
    yield objects.map((row, i) => () => toEvent(row, rowStart + i + 1));
  }
}

/** One by one, since a damaged file may claim any number of rows. */
function* ranges(
  groups: readonly number[],
): Generator<{ readonly rowStart: number; readonly rowEnd: number }> {
  let rowStart = 0;
  for (const rows of groups) {
    const end = rowStart + rows;
    while (rowStart < end) {
      const rowEnd = Math.min(end, rowStart + MAX_ROWS_PER_READ);
      yield { rowStart, rowEnd };
      rowStart = rowEnd;
    }
  }
}

/** Reads what a file says of itself. @throws {RecordingCorrupt | HeaderInvalid} */
export async function checkParquet(path: string): Promise<void> {
  await open(path, '');
}

async function open(path: string, symbol: string) {
  let file: Awaited<ReturnType<typeof asyncBufferFromFile>>;
  let metadata: Awaited<ReturnType<typeof parquetMetadataAsync>>;
  try {
    file = await asyncBufferFromFile(path);
    metadata = await parquetMetadataAsync(file);
  } catch (error) {
    throw new RecordingCorrupt(path, 'it cannot be read as Parquet', error);
  }
  const names = new Set(metadata.schema.map(({ name }) => name));
  const has = (...wanted: readonly string[]): boolean => wanted.every((name) => names.has(name));
  if (has('timestamp', 'price', 'quantity')) return { file, metadata, toEvent: tradeOf(symbol) };
  if (has('timestamp', 'bid', 'ask')) return { file, metadata, toEvent: quoteOf(symbol) };
  const wanted = ['timestamp, price, quantity', 'or timestamp, bid, ask'];
  throw new HeaderInvalid(path, wanted, [...names].join(','));
}

const tradeOf =
  (symbol: string) =>
  (row: Row, line: number): Trade => ({
    kind: 'trade',
    ...base(row, 'file.trade', symbol, isAbsent(row['trade_id']) ? line : idOf(row['trade_id'])),
    price: number(row, 'price'),
    size: number(row, 'quantity'),
    ...sideOf(row['buyer_maker']),
  });

const quoteOf =
  (symbol: string) =>
  (row: Row, line: number): Quote => ({
    kind: 'quote',
    ...base(row, 'file.quote', symbol, line),
    bidPrice: number(row, 'bid'),
    bidSize: isAbsent(row['bid_size']) ? 0 : number(row, 'bid_size'),
    askPrice: number(row, 'ask'),
    askSize: isAbsent(row['ask_size']) ? 0 : number(row, 'ask_size'),
  });

function base(row: Row, source: string, fallback: string, sequence: number) {
  const eventTimeUs = timeOf(row['timestamp']);
  const symbol = row['symbol'];
  return {
    source,
    symbol: typeof symbol === 'string' && symbol !== '' ? symbol.replace('/', '') : fallback,
    sequence,
    eventTimeUs,
    receiveTimeUs: eventTimeUs,
  };
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** The buyer's order was resting: the aggressor sold. Writers give a boolean or its text. */
function sideOf(buyerIsMaker: unknown): { readonly side?: Side } {
  if (isAbsent(buyerIsMaker)) return {};
  const text = String(buyerIsMaker).toLowerCase();
  if (text === 'true') return { side: 'sell' };
  if (text === 'false') return { side: 'buy' };
  throw malformed(`buyer_maker must be true or false, was '${text.slice(0, 40)}'`);
}

const parseTime = createTimeParser();

/** A timestamp column is microseconds by now; plain numbers and text are told apart as in any other file. */
function timeOf(value: unknown): number {
  const isMicroseconds = typeof value === 'bigint' && value > 10n ** 14n && value < 10n ** 17n;
  if (isMicroseconds) return Number(value);
  const text = isAbsent(value) ? '' : String(value);
  return validTime(parseTime(text), text);
}

function idOf(value: unknown): number {
  const id = Number(value);
  if (Number.isSafeInteger(id) && id >= 0) return id;
  throw malformed(`trade_id must be a whole number from 0, was ${String(value).slice(0, 40)}`);
}

function number(row: Row, name: string): number {
  const value = row[name];
  const found = isAbsent(value) || value === '' ? Number.NaN : Number(value);
  if (Number.isFinite(found)) return found;
  throw malformed(`${name} must be a finite number, was '${String(value).slice(0, 40)}'`, 'NotANumber');
}
