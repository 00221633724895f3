import type { MarketEvent, Quarantined } from '../events.ts';

/** An event and where it stands. */
export interface EventItem {
  readonly position: number;
  readonly event: MarketEvent;
  /** Line of a text, row of a table, from 1; only from a source that has `placeOf`. Lines may have several events, of different kinds. */
  readonly line?: number;
}

/** One item of a source: an event, or something that could not be read as one. */
export type SourceItem = EventItem | { readonly position: number; readonly quarantined: Quarantined };

export interface ReadOptions {
  /** First position to give; those before it are read over. Default 0. */
  readonly fromPosition?: number;
  readonly signal?: AbortSignal;
}

/** A stream of market data that can be read again from any position: the same settings give the same items. */
export interface MarketSource {
  readonly name: string;
  /** One line for people: what it is. */
  readonly description: string;
  /** Interval of the bars that it publishes, milliseconds; absent where it gives ticks. */
  readonly barIntervalMs?: number;
  /** Where a line stands, as people look for it: `q.csv:3`. Only for sources that read files. */
  placeOf?(line: number): string;
  /** @returns Batches, never empty, positions growing by 1 from item to item. */
  read(options: ReadOptions): AsyncIterable<readonly SourceItem[]>;
}
