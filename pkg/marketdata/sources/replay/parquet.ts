import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import type { MarketEvent } from '../../events.ts';
import { HeaderInvalid, RecordingCorrupt } from '../../errors.ts';
import { malformed } from './format.ts';

const ROWS_PER_READ = 10_000;

type Row = Readonly<Record<string, unknown>>;

/** Rows of a Parquet file of trades (`timestamp trade_id price quantity buyer_maker`) or quotes (`timestamp bid ask bid_size ask_size`). */
export async function* readParquet(
  path: string,
  fallbackSymbol: string,
): AsyncGenerator<readonly (() => MarketEvent)[]> {
  const { file, rows, toEvent } = await open(path, fallbackSymbol);
  for (let rowStart = 0; rowStart < rows; rowStart += ROWS_PER_READ) {
    const objects = await parquetReadObjects({
      file,
      compressors,
      rowStart,
      rowEnd: Math.min(rows, rowStart + ROWS_PER_READ),
    });
    yield objects.map((row, i) => () => toEvent(row, rowStart + i + 1));
  }
}

async function open(path: string, fallbackSymbol: string) {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const names = new Set(metadata.schema.map(({ name }) => name));
    const has = (...wanted: readonly string[]): boolean => wanted.every((name) => names.has(name));
    const rows = Number(metadata.num_rows);
    if (has('timestamp', 'price', 'quantity')) return { file, rows, toEvent: tradeOf(fallbackSymbol) };
    if (has('timestamp', 'bid', 'ask')) return { file, rows, toEvent: quoteOf(fallbackSymbol) };
    throw new HeaderInvalid(
      path,
      ['timestamp, price, quantity', 'or timestamp, bid, ask'],
      [...names].join(','),
    );
  } catch (error) {
    if (error instanceof HeaderInvalid) throw error;
    throw new RecordingCorrupt(path, 'it cannot be read as Parquet', error);
  }
}

function tradeOf(symbol: string) {
  return (row: Row, line: number): MarketEvent => {
    const eventTimeUs = timeOf(row);
    const maker = row['buyer_maker'];
    const side =
      maker === undefined
        ? {}
        : {
            side:
              maker === true || maker === 'True' || maker === 'true' ? ('sell' as const) : ('buy' as const),
          };
    const sequence = row['trade_id'] === undefined ? line : Number(row['trade_id']);
    const base = {
      source: 'file.trade',
      symbol: symbolOf(row, symbol),
      sequence,
      eventTimeUs,
      receiveTimeUs: eventTimeUs,
    };
    return { kind: 'trade', ...base, price: number(row, 'price'), size: number(row, 'quantity'), ...side };
  };
}

function quoteOf(symbol: string) {
  return (row: Row, line: number): MarketEvent => {
    const eventTimeUs = timeOf(row);
    return {
      kind: 'quote',
      ...{
        source: 'file.quote',
        symbol: symbolOf(row, symbol),
        sequence: line,
        eventTimeUs,
        receiveTimeUs: eventTimeUs,
      },
      bidPrice: number(row, 'bid'),
      bidSize: row['bid_size'] === undefined ? 0 : number(row, 'bid_size'),
      askPrice: number(row, 'ask'),
      askSize: row['ask_size'] === undefined ? 0 : number(row, 'ask_size'),
    };
  };
}

function timeOf(row: Row): number {
  const time = row['timestamp'];
  if (time instanceof Date) return time.getTime() * 1000;
  throw malformed(`timestamp must be a timestamp, was ${String(time)}`);
}

function symbolOf(row: Row, fallback: string): string {
  const symbol = row['symbol'];
  return typeof symbol === 'string' ? symbol.replace('/', '') : fallback;
}

function number(row: Row, name: string): number {
  const value = Number(row[name]);
  if (Number.isFinite(value)) return value;
  throw malformed(`${name} must be a finite number, was ${String(row[name])}`, 'NotANumber');
}
