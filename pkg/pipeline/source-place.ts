import type { LogRecord } from '../eventlog/event-log.ts';
import type { Quarantined } from '../marketdata/events.ts';
import type { EventItem, MarketSource } from '../marketdata/sources/source.ts';

/** Header with the place in a file of the line behind a record. */
const PLACE_HEADER = 'source_place';

/** Where the line of an event stands; `undefined` where its source reads no file. */
export function sourcePlace(source: MarketSource, { line }: EventItem): string | undefined {
  return line === undefined ? undefined : source.placeOf?.(line);
}

/** Headers of a record whose event stands at `place`. */
export function placeHeaders(place: string | undefined): Readonly<Record<string, string>> | undefined {
  return place === undefined ? undefined : { [PLACE_HEADER]: place };
}

/**
 * The same with the place of its line as origin, for what came from a file: `q.csv:3 (quote)`. The kind tells events of one
 * line apart: with symbol and reason the origin is the identity of what was set aside.
 */
export function atPlace(item: Quarantined, place: string | undefined, kind: string): Quarantined {
  return place === undefined ? item : { ...item, origin: `${place} (${kind})` };
}

/** Place of the line behind a record; `undefined` where it came from no file. */
export function recordedPlace({ headers }: LogRecord): string | undefined {
  return headers?.[PLACE_HEADER];
}
