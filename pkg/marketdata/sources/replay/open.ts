import { access, constants, stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { TradewindError } from '../../../runtime/errors.ts';
import { FormatUnknown, RecordingEmpty, RecordingNotFile, RecordingUnreadable } from '../../errors.ts';
import type { MarketSource } from '../source.ts';
import type { LineFormat } from './format.ts';
import { barCsv } from './formats/bar-csv.ts';
import { binanceCapture } from './formats/binance.ts';
import { bybitBook } from './formats/bybit.ts';
import { databentoMbp1 } from './formats/databento.ts';
import { bookFileOf, lobster } from './formats/lobster.ts';
import { quoteCsv } from './formats/quote-csv.ts';
import { joinLines } from './join-lines.ts';
import { firstLines, readLines, startOf } from './lines.ts';
import { checkParquet } from './parquet.ts';
import { type PlaceOf, readLineItems, readParquetItems } from './read-items.ts';

/** Formats that are read by lines, in the order in which they are tried. */
const LINE_FORMATS: readonly LineFormat[] = [
  binanceCapture,
  bybitBook,
  databentoMbp1,
  lobster,
  barCsv,
  quoteCsv,
];
const PARQUET = 'parquet';
const PARQUET_MAGIC = 'PAR1';
/** Names that `--format` takes. */
const FORMAT_NAMES: readonly string[] = [...LINE_FORMATS.map(({ name }) => name), PARQUET];

const SAMPLE_LINES = 200;
/** What other programs call it. */
const STANDARD_INPUT = '-';

export interface ReplayOptions {
  readonly path: string;
  /** One of FORMAT_NAMES; recognised where absent. */
  readonly format?: string;
  /** Symbol of a file whose rows do not say; by default from its name. */
  readonly symbol?: string;
  /** IANA zone of times without one. */
  readonly timeZone?: string;
}

/**
 * Opens a recording as a source. Lines that cannot be read become quarantined items with `file:line`; only what concerns the
 * whole file is an error.
 *
 * @throws {RecordingUnreadable | RecordingNotFile | RecordingEmpty | RecordingCorrupt | RecordingNameInvalid | FormatUnknown | HeaderInvalid |
 *   TimeZoneUnknown} Reading may throw the first three too, where the fault lies deeper in the file.
 */
export async function openReplay(options: ReplayOptions): Promise<MarketSource> {
  const { path } = options;
  await checkReadable(path);
  const symbol = options.symbol ?? symbolFromName(path);
  if (options.format === PARQUET || (options.format === undefined && (await isParquet(path)))) {
    await checkParquet(path);
    const placeOf = placesIn(path);
    return {
      ...named(path, PARQUET),
      placeOf,
      read: (read) => readParquetItems(path, symbol, placeOf, read),
    };
  }
  const sample = await firstLines(path, SAMPLE_LINES);
  if (sample.length === 0) throw new RecordingEmpty(path);
  const format = await pickFormat(options, sample);
  const parserOptions = {
    path,
    symbol,
    sample,
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
  };
  // Once now, so that a wrong header or zone is told before anything starts.
  const { barIntervalUs } = format.createParser(parserOptions);
  const isPair = format === lobster;
  const placeOf = isPair ? placesIn(path, bookFileOf(path)) : placesIn(path);
  return {
    ...named(path, format.name),
    ...(barIntervalUs === undefined ? {} : { barIntervalMs: barIntervalUs / 1000 }),
    placeOf,
    read: (read) => {
      const lines = isPair ? joinLines(readLines(path), readLines(bookFileOf(path))) : readLines(path);
      return readLineItems(lines, format, parserOptions, placeOf, read);
    },
  };
}

function named(path: string, format: string): Pick<MarketSource, 'name' | 'description'> {
  return { name: 'replay', description: `replay of ${basename(path)} (${format})` };
}

/** Of files that are read side by side each place names all. */
function placesIn(...paths: readonly string[]): PlaceOf {
  const [name = '', ...others] = paths.map((path) => basename(path));
  if (others.length === 0) return (line) => `${name}:${line}`;
  return (line) => [name, ...others].map((each) => `${each}:${line}`).join(' + ');
}

async function pickFormat({ path, format }: ReplayOptions, sample: readonly string[]): Promise<LineFormat> {
  const found =
    format === undefined
      ? LINE_FORMATS.find((candidate) => candidate.recognises(sample, path))
      : LINE_FORMATS.find((candidate) => candidate.name === format);
  if (found === undefined) throw new FormatUnknown(path, FORMAT_NAMES, format);
  if (found === lobster && bookFileOf(path) !== path) await checkReadable(bookFileOf(path));
  return found;
}

async function checkReadable(path: string): Promise<void> {
  if (path === STANDARD_INPUT) throw new RecordingNotFile(path);
  try {
    await access(path, constants.R_OK);
    const kind = await stat(path);
    if (!kind.isFile() && !kind.isDirectory()) throw new RecordingNotFile(path);
    if (kind.size === 0) throw new RecordingEmpty(path);
  } catch (error) {
    throw error instanceof TradewindError ? error : new RecordingUnreadable(path, error);
  }
}

async function isParquet(path: string): Promise<boolean> {
  return (await startOf(path, PARQUET_MAGIC.length)).toString('latin1') === PARQUET_MAGIC;
}

/** First word of the file's name: `6EH4_1m_202401.csv.gz` is 6EH4. */
function symbolFromName(path: string): string {
  return (/^[A-Za-z0-9]+/.exec(basename(path))?.[0] ?? 'UNKNOWN').toUpperCase();
}
