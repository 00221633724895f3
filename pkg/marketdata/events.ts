/**
 * Market events as they travel through the system.
 *
 * Times are UTC microseconds since the Unix epoch, held in numbers (exact below 2^53). Prices are in quote currency and
 * sizes in units of the instrument. Events are data: never changed after they are made.
 */

/** Side of the aggressor of a trade: who crossed the spread. */
export type Side = 'buy' | 'sell';

/** What every event carries. `(source, symbol, sequence)` is its identity: equal identity means a duplicate. */
export interface EventBase {
  /** Venue and stream, e.g. `binance-usdm.trade`, `simulator.quote`; sequences count within it. */
  readonly source: string;
  readonly symbol: string;
  /** Number given by the venue (or by the reader, where the venue gives none); integer >= 0, grows within a source. */
  readonly sequence: number;
  /** When it happened, by the venue's clock. */
  readonly eventTimeUs: number;
  /** When the platform received it, by its own clock; may be earlier than `eventTimeUs` when clocks disagree. */
  readonly receiveTimeUs: number;
}

export interface Trade extends EventBase {
  readonly kind: 'trade';
  readonly price: number;
  readonly size: number;
  /** Absent where the venue does not say; bars then use the tick rule. */
  readonly side?: Side;
}

/** Best bid and ask. A size of 0 means that the source gives no sizes. */
export interface Quote extends EventBase {
  readonly kind: 'quote';
  readonly bidPrice: number;
  readonly bidSize: number;
  readonly askPrice: number;
  readonly askSize: number;
}

/**
 * Price levels as a flat array `[price, size, price, size, ...]`, length 2n: one allocation per side instead of n.
 * In a delta a size of 0 removes the level. In a snapshot bids descend and asks ascend.
 */
export type Levels = Float64Array;

export interface BookSnapshot extends EventBase {
  readonly kind: 'bookSnapshot';
  /** Id of the last update that the snapshot contains. */
  readonly lastUpdateId: number;
  readonly bids: Levels;
  readonly asks: Levels;
}

export interface BookDelta extends EventBase {
  readonly kind: 'bookDelta';
  /** First and last update id that the delta covers (Binance `U` and `u`). */
  readonly firstUpdateId: number;
  readonly lastUpdateId: number;
  /** `lastUpdateId` of the delta before it, where the venue chains them (Binance futures `pu`). */
  readonly previousUpdateId?: number;
  readonly bids: Levels;
  readonly asks: Levels;
}

/** One closed bar from a source that publishes bars. `eventTimeUs` is the end of its interval. */
export interface Bar extends EventBase {
  readonly kind: 'bar';
  readonly startTimeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Best quote at the close, where the source has it. */
  readonly bidPrice?: number;
  readonly bidSize?: number;
  readonly askPrice?: number;
  readonly askSize?: number;
}

/** Says that time has passed for a symbol although nothing happened: lets bars close in a quiet market. */
export interface Heartbeat extends EventBase {
  readonly kind: 'heartbeat';
}

export type MarketEvent = Trade | Quote | BookSnapshot | BookDelta | Bar | Heartbeat;
export type MarketEventKind = MarketEvent['kind'];

/** Why an event or a line was set aside. Public: it labels metrics, table rows and the console. */
export type QuarantineReason =
  | 'Malformed'
  | 'NotANumber'
  | 'NonPositivePrice'
  | 'NegativeSize'
  | 'CrossedBook'
  | 'InvalidBar'
  | 'TimeOutOfRange'
  | 'PriceJump'
  | 'SequenceGap'
  | 'Duplicate'
  | 'Late';

/** Something that was set aside, with enough to find and replay it. Nothing is dropped without one. */
export interface Quarantined {
  readonly reason: QuarantineReason;
  /** One line: what must be, and what was. */
  readonly message: string;
  readonly source: string;
  readonly symbol: string;
  /**
   * Where it came from: `q.csv:3`, line 3 of a file (row of a table), followed by the kind of an event that could be read, `q.csv:3 (quote)`, or by
   * the place of its record in the log, `q.csv:3 (market_data/0@7)`; without a file `market_data/0@7`, or else source, sequence and item. With symbol
   * and reason it is the identity of what was set aside.
   */
  readonly origin: string;
  /** When it was received. */
  readonly receiveTimeUs: number;
  /** Identity of the event when it could be read that far. */
  readonly sequence?: number;
  readonly eventTimeUs?: number;
  /** The raw input, cut to 1,024 characters. */
  readonly raw: string;
}
