import type { Bar, BookSnapshot, Levels, MarketEvent, QuarantineReason } from './events.ts';

/** What is wrong with an event: its reason, and one line that says what must be and what was. */
export interface Fault {
  readonly reason: QuarantineReason;
  readonly message: string;
}

/** Checks what an event says on its own: identity, prices, sizes, order of bid and ask. */
export function checkValues(event: MarketEvent): Fault | undefined {
  const fault = checkIdentity(event);
  if (fault !== undefined) return fault;
  switch (event.kind) {
    case 'trade':
      return checkPrice('price', event.price) ?? checkSize('size', event.size);
    case 'quote':
      return (
        checkPrice('bid price', event.bidPrice) ??
        checkPrice('ask price', event.askPrice) ??
        checkSize('bid size', event.bidSize) ??
        checkSize('ask size', event.askSize) ??
        checkCrossed(event.bidPrice, event.askPrice)
      );
    case 'bar':
      return checkBar(event);
    case 'bookDelta':
      return checkLevels(event.bids) ?? checkLevels(event.asks);
    case 'bookSnapshot':
      return checkLevels(event.bids) ?? checkLevels(event.asks) ?? checkSnapshotCrossed(event);
    case 'heartbeat':
      return undefined;
  }
}

function checkIdentity({ symbol, sequence }: MarketEvent): Fault | undefined {
  if (symbol === '') return { reason: 'Malformed', message: "symbol must not be empty, was ''" };
  return Number.isSafeInteger(sequence) && sequence >= 0
    ? undefined
    : { reason: 'Malformed', message: `sequence must be a whole number from 0, was ${sequence}` };
}

function checkPrice(name: string, price: number): Fault | undefined {
  if (!Number.isFinite(price))
    return { reason: 'NotANumber', message: `${name} must be a finite number, was ${price}` };
  return price > 0
    ? undefined
    : { reason: 'NonPositivePrice', message: `${name} must be above 0, was ${price}` };
}

function checkSize(name: string, size: number): Fault | undefined {
  if (!Number.isFinite(size))
    return { reason: 'NotANumber', message: `${name} must be a finite number, was ${size}` };
  return size >= 0
    ? undefined
    : { reason: 'NegativeSize', message: `${name} must be 0 or more, was ${size}` };
}

function checkCrossed(bid: number, ask: number): Fault | undefined {
  return bid < ask
    ? undefined
    : { reason: 'CrossedBook', message: `bid must be below ask, was ${bid} against ${ask}` };
}

function checkBar(bar: Bar): Fault | undefined {
  const { open, high, low, close, volume, bidPrice, bidSize = 0, askPrice, askSize = 0 } = bar;
  const fault =
    checkPrice('open', open) ??
    checkPrice('high', high) ??
    checkPrice('low', low) ??
    checkPrice('close', close) ??
    checkSize('volume', volume) ??
    (bidPrice === undefined ? undefined : checkPrice('bid', bidPrice)) ??
    (askPrice === undefined ? undefined : checkPrice('ask', askPrice)) ??
    checkSize('bid size', bidSize) ??
    checkSize('ask size', askSize);
  if (fault !== undefined) return fault;
  // Bid bars and ask bars of some vendors meet at the close: equal is no error here.
  if (bidPrice !== undefined && askPrice !== undefined && bidPrice > askPrice)
    return checkCrossed(bidPrice, askPrice);
  if (!(low <= Math.min(open, close) && high >= Math.max(open, close))) {
    const message = `low and high must enclose open and close, were ${low} to ${high} around ${open}, ${close}`;
    return { reason: 'InvalidBar', message };
  }
  return bar.startTimeUs < bar.eventTimeUs
    ? undefined
    : { reason: 'InvalidBar', message: 'bar must start before it ends, was not so' };
}

function checkLevels(levels: Levels): Fault | undefined {
  for (let i = 0; i < levels.length; i += 2) {
    const price = levels[i]!;
    const size = levels[i + 1]!;
    // One comparison covers the usual case; NaN and infinity fail it.
    if (price > 0 && size >= 0 && price + size < Number.POSITIVE_INFINITY) continue;
    return checkPrice('level price', price) ?? checkSize('level size', size);
  }
  return undefined;
}

/** A delta may pass through a crossed state, since only its end counts; a snapshot is a state. */
function checkSnapshotCrossed({ bids, asks }: BookSnapshot): Fault | undefined {
  if (bids.length === 0 || asks.length === 0) return undefined;
  let bid = bids[0]!;
  let ask = asks[0]!;
  for (let i = 2; i < bids.length; i += 2) bid = Math.max(bid, bids[i]!);
  for (let i = 2; i < asks.length; i += 2) ask = Math.min(ask, asks[i]!);
  return checkCrossed(bid, ask);
}
