import { MalformedLine } from '../../errors.ts';
import type { MarketEvent } from '../../events.ts';
import type { ReadOptions, SourceItem } from '../source.ts';
import type { LineFormat, ParserOptions } from './format.ts';
import { type LineBatch, MAX_LINE_BYTES } from './lines.ts';
import { readParquet } from './parquet.ts';
import { quarantineLine } from './quarantine-line.ts';

/** Names a line, from 1, for people. */
export type PlaceOf = (line: number) => string;

/** Items of a file, numbered; those before the first wanted position are made, since parsers remember, but not given. */
class Batch {
  readonly #from: number;
  #position = 0;
  #items: SourceItem[] = [];

  constructor(fromPosition: number) {
    this.#from = fromPosition;
  }

  addEvent(event: MarketEvent, line: number): void {
    const position = this.#position++;
    if (position >= this.#from) this.#items.push({ position, event, line });
  }

  addLine(error: unknown, raw: string, place: Parameters<typeof quarantineLine>[2]): void {
    if (!(error instanceof MalformedLine)) throw error;
    const position = this.#position++;
    if (position >= this.#from)
      this.#items.push({ position, quarantined: quarantineLine(error, raw, place) });
  }

  take(): readonly SourceItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}

/** Events of a text, line by line; a line that cannot be read becomes a quarantined item. */
export async function* readLineItems(
  lineBatches: AsyncIterable<LineBatch>,
  format: LineFormat,
  options: ParserOptions,
  placeOf: PlaceOf,
  { fromPosition = 0, signal }: ReadOptions,
): AsyncGenerator<readonly SourceItem[]> {
  const { symbol } = options;
  const parser = format.createParser(options);
  const batch = new Batch(fromPosition);
  let receiveTimeUs = 0;
  let isHeader = parser.hasHeader;
  for await (const { firstLine, lines } of lineBatches) {
    if (signal?.aborted === true) return;
    for (let i = 0; i < lines.length; i += 1) {
      const line = lines[i];
      if (line !== undefined && isBlank(line)) continue;
      try {
        if (line === undefined)
          throw new MalformedLine({ message: `line must be at most ${MAX_LINE_BYTES} bytes, was longer` });
        if (isHeader) {
          isHeader = false;
          continue;
        }
        for (const event of parser.parse(line, firstLine + i)) {
          receiveTimeUs = event.receiveTimeUs;
          batch.addEvent(event, firstLine + i);
        }
      } catch (error) {
        batch.addLine(error, line ?? '', { origin: placeOf(firstLine + i), symbol, receiveTimeUs });
      }
    }
    const items = batch.take();
    if (items.length > 0) yield items;
  }
}

/** Events of a Parquet table, row by row. */
export async function* readParquetItems(
  path: string,
  symbol: string,
  placeOf: PlaceOf,
  { fromPosition = 0, signal }: ReadOptions,
): AsyncGenerator<readonly SourceItem[]> {
  const batch = new Batch(fromPosition);
  let row = 0;
  let receiveTimeUs = 0;
  for await (const rows of readParquet(path, symbol)) {
    if (signal?.aborted === true) return;
    for (const toEvent of rows) {
      row += 1;
      try {
        const event = toEvent();
        receiveTimeUs = event.receiveTimeUs;
        batch.addEvent(event, row);
      } catch (error) {
        batch.addLine(error, '', { origin: placeOf(row), symbol, receiveTimeUs });
      }
    }
    const items = batch.take();
    if (items.length > 0) yield items;
  }
}

/** Most lines begin with something visible: only the others are searched. */
function isBlank(line: string): boolean {
  return !(line.charCodeAt(0) > 32) && line.trim() === '';
}
