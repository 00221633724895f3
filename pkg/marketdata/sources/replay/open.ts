import { access, constants, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';

import type { MarketEvent, Quarantined, QuarantineReason } from '../../events.ts';
import { FormatUnknown, MalformedLine, RecordingEmpty, RecordingUnreadable } from '../../errors.ts';
import type { MarketSource, ReadOptions, SourceItem } from '../source.ts';
import type { LineFormat } from './format.ts';
import { barCsv } from './formats/bar-csv.ts';
import { binanceCapture } from './formats/binance.ts';
import { bybitBook } from './formats/bybit.ts';
import { databentoMbp1 } from './formats/databento.ts';
import { bookFileOf, lobster } from './formats/lobster.ts';
import { quoteCsv } from './formats/quote-csv.ts';
import { firstLines, MAX_LINE_BYTES, readLines } from './lines.ts';
import { readParquet } from './parquet.ts';
import { joinLines } from './join-lines.ts';

/** Formats that are read by lines, in the order in which they are tried. */
export const LINE_FORMATS: readonly LineFormat[] = [
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
export const FORMAT_NAMES: readonly string[] = [...LINE_FORMATS.map(({ name }) => name), PARQUET];

const SAMPLE_LINES = 200;
const MAX_RAW = 1024;

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
 * @throws {RecordingUnreadable | RecordingEmpty | RecordingCorrupt | FormatUnknown | HeaderInvalid | TimeZoneUnknown}
 */
export async function openReplay(options: ReplayOptions): Promise<MarketSource> {
  const { path } = options;
  await checkReadable(path);
  const symbol = options.symbol ?? symbolFromName(path);
  if (options.format === PARQUET || (options.format === undefined && (await isParquet(path)))) {
    return source(path, PARQUET, () => parquetItems(path, symbol));
  }
  const sample = await firstLines(path, SAMPLE_LINES);
  if (sample.length === 0) throw new RecordingEmpty(path);
  const format = pickFormat(options, sample);
  const parserOptions = {
    path,
    symbol,
    sample,
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
  };
  // Once now, so that a wrong header or zone is told before anything starts.
  format.createParser(parserOptions);
  return source(path, format.name, () => lineItems(path, format, parserOptions));
}

type Unnumbered = { readonly event: MarketEvent } | { readonly quarantined: Quarantined };

function source(
  path: string,
  format: string,
  items: () => AsyncIterable<readonly Unnumbered[]>,
): MarketSource {
  return {
    name: 'replay',
    description: `replay of ${basename(path)} (${format})`,
    read: (options) => numbered(items(), options),
  };
}

async function* numbered(
  batches: AsyncIterable<readonly Unnumbered[]>,
  { fromPosition = 0, signal }: ReadOptions,
): AsyncGenerator<readonly SourceItem[]> {
  let position = 0;
  for await (const items of batches) {
    if (signal?.aborted === true) return;
    const start = position;
    position += items.length;
    if (position <= fromPosition) continue;
    const from = Math.max(0, fromPosition - start);
    const batch: SourceItem[] = [];
    for (let i = from; i < items.length; i += 1) {
      const item = items[i]!;
      const at = start + i;
      batch.push(
        'event' in item
          ? { position: at, event: item.event }
          : { position: at, quarantined: item.quarantined },
      );
    }
    yield batch;
  }
}

async function* lineItems(
  path: string,
  format: LineFormat,
  options: Parameters<LineFormat['createParser']>[0],
): AsyncGenerator<readonly Unnumbered[]> {
  const parser = format.createParser(options);
  const batches =
    format === lobster ? joinLines(readLines(path), readLines(bookFileOf(path))) : readLines(path);
  let lastUs = 0;
  for await (const { firstLine, lines } of batches) {
    const items: Unnumbered[] = [];
    for (let i = 0; i < lines.length; i += 1) {
      const line = lines[i];
      const lineNumber = firstLine + i;
      if (line !== undefined && line.trim() === '') continue;
      try {
        if (line === undefined)
          throw new MalformedLine({ message: `line must be at most ${MAX_LINE_BYTES} bytes, was longer` });
        for (const event of parser.parse(line, lineNumber)) {
          lastUs = event.receiveTimeUs;
          items.push({ event });
        }
      } catch (error) {
        if (!(error instanceof MalformedLine)) throw error;
        items.push({
          quarantined: setAside(error, `${basename(path)}:${lineNumber}`, line ?? '', options.symbol, lastUs),
        });
      }
    }
    if (items.length > 0) yield items;
  }
}

async function* parquetItems(path: string, symbol: string): AsyncGenerator<readonly Unnumbered[]> {
  let row = 0;
  for await (const batch of readParquet(path, symbol)) {
    yield batch.map((toEvent): Unnumbered => {
      row += 1;
      try {
        return { event: toEvent() };
      } catch (error) {
        if (!(error instanceof MalformedLine)) throw error;
        return { quarantined: setAside(error, `${basename(path)}:${row}`, '', symbol, 0) };
      }
    });
  }
}

function setAside(
  error: MalformedLine,
  origin: string,
  raw: string,
  symbol: string,
  receiveTimeUs: number,
): Quarantined {
  const reason = (error.facts['reason'] ?? 'Malformed') as QuarantineReason;
  // Control characters of binary junk would break tables and terminals.
  const shown = raw.slice(0, MAX_RAW).replaceAll(/[^\x20-\x7e]/g, '.');
  return { reason, message: error.message, source: 'file', symbol, origin, receiveTimeUs, raw: shown };
}

function pickFormat({ path, format }: ReplayOptions, sample: readonly string[]): LineFormat {
  const found =
    format === undefined
      ? LINE_FORMATS.find((candidate) => candidate.recognises(sample, path))
      : LINE_FORMATS.find((candidate) => candidate.name === format);
  if (found === undefined) throw new FormatUnknown(path, FORMAT_NAMES, format);
  return found;
}

async function checkReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
    const { size } = await stat(path);
    if (size === 0) throw new RecordingEmpty(path);
  } catch (error) {
    throw error instanceof RecordingEmpty ? error : new RecordingUnreadable(path, error);
  }
}

async function isParquet(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === PARQUET_MAGIC;
  } catch (error) {
    throw new RecordingUnreadable(path, error);
  } finally {
    await file.close();
  }
}

/** First word of the file's name: `6EH4_1m_202401.csv.gz` is 6EH4. */
function symbolFromName(path: string): string {
  return (/^[A-Za-z0-9]+/.exec(basename(path))?.[0] ?? 'UNKNOWN').toUpperCase();
}
