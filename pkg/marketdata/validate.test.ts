import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { MarketEvent } from './events.ts';
import { bar, delta, levels, quote, snapshot, START_US, trade } from './events.testing.ts';
import { Validator, type ValidatorSettings } from './validate.ts';

const DAY_US = 86_400_000_000;

/** Reason of the notice for each event, `ok` without one; a rejection is marked with `!`. */
function reasons(events: readonly MarketEvent[], settings: ValidatorSettings = {}): string[] {
  const validator = new Validator(settings);
  return events.map((event) => {
    const { isAccepted, notice } = validator.check(event);
    return `${isAccepted ? '' : '!'}${notice?.reason ?? 'ok'}`;
  });
}

const at = (eventTimeUs: number, receiveTimeUs = eventTimeUs) => ({ eventTimeUs, receiveTimeUs });

describe('validator, one event alone', () => {
  it.each<[string, MarketEvent, string]>([
    ['a good trade', trade(1), 'ok'],
    ['a good quote', quote(1), 'ok'],
    ['a quote without sizes', quote(1, { bidSize: 0, askSize: 0 }), 'ok'],
    ['a good bar', bar(1), 'ok'],
    ['a bar with touching bid and ask', bar(1, { bidPrice: 100, askPrice: 100 }), 'ok'],
    ['a bid above the ask', quote(1, { bidPrice: 101 }), '!CrossedBook'],
    ['a bid at the ask', quote(1, { bidPrice: 100.5 }), '!CrossedBook'],
    ['a bar with the bid above the ask', bar(1, { bidPrice: 101, askPrice: 100 }), '!CrossedBook'],
    ['a crossed snapshot', snapshot(1, { bids: levels([99, 1], [102, 1]) }), '!CrossedBook'],
    ['a snapshot with one side', snapshot(1, { bids: levels() }), 'ok'],
    ['a delta that is crossed in itself', delta(1, 1, undefined, { bids: levels([102, 1]) }), 'ok'],
    ['a negative trade size', trade(1, { size: -1 }), '!NegativeSize'],
    ['a negative bid size', quote(1, { bidSize: -0.5 }), '!NegativeSize'],
    ['a negative volume', bar(1, { volume: -1 }), '!NegativeSize'],
    ['a negative size at a bar', bar(1, { askSize: -1 }), '!NegativeSize'],
    ['a negative level size', delta(1, 1, undefined, { asks: levels([101, -1]) }), '!NegativeSize'],
    ['a NaN price', trade(1, { price: Number.NaN }), '!NotANumber'],
    ['an infinite price', trade(1, { price: Number.POSITIVE_INFINITY }), '!NotANumber'],
    ['a NaN size', quote(1, { askSize: Number.NaN }), '!NotANumber'],
    ['a NaN close', bar(1, { close: Number.NaN }), '!NotANumber'],
    ['a NaN level price', snapshot(1, { bids: levels([Number.NaN, 1]) }), '!NotANumber'],
    ['an infinite level size', delta(1, 1, undefined, { bids: levels([99, Infinity]) }), '!NotANumber'],
    ['a price of zero', trade(1, { price: 0 }), '!NonPositivePrice'],
    ['a negative bid', quote(1, { bidPrice: -1 }), '!NonPositivePrice'],
    ['a level at zero', delta(1, 1, undefined, { bids: levels([0, 1]) }), '!NonPositivePrice'],
    ['a low above the close', bar(1, { low: 100.6 }), '!InvalidBar'],
    ['a bar that ends before it starts', bar(1, { startTimeUs: START_US + DAY_US }), '!InvalidBar'],
    ['a time in 1979', trade(1, at(Date.UTC(1979, 11, 31) * 1000)), '!TimeOutOfRange'],
    ['a time in 2100', trade(1, at(Date.UTC(2100, 0, 1) * 1000)), '!TimeOutOfRange'],
    ['a NaN time', trade(1, at(Number.NaN)), '!TimeOutOfRange'],
    ['a NaN receive time', trade(1, at(START_US, Number.NaN)), '!TimeOutOfRange'],
    ['an event 61 s ahead of its receipt', trade(1, at(START_US + 61e6, START_US)), '!TimeOutOfRange'],
    ['an event 2 s ahead of its receipt', trade(1, at(START_US + 2e6, START_US)), 'ok'],
    ['an event received 2 days later', trade(1, at(START_US, START_US + 2 * DAY_US)), '!TimeOutOfRange'],
    ['no symbol', trade(1, { symbol: '' }), '!Malformed'],
    ['a broken sequence', trade(Number.NaN, at(START_US)), '!Malformed'],
    ['a heartbeat', { ...trade(1), kind: 'heartbeat' }, 'ok'],
  ])('%s', (_case, event, verdict) => {
    expect(reasons([event])).toEqual([verdict]);
  });

  it('tells what must be and what was, with identity, origin and the raw event', () => {
    const { notice } = new Validator().check(quote(7, { askSize: Number.NaN }));
    expect(notice).toMatchObject({
      message: 'ask size must be a finite number, was NaN',
      origin: 'venue.quote#7',
      sequence: 7,
      symbol: 'X',
    });
    expect(JSON.parse(notice!.raw)).toMatchObject({ kind: 'quote', askSize: 'NaN' });
  });

  it('keeps the raw event of a huge snapshot short', () => {
    const bids = Float64Array.from({ length: 10_000 }, (_, i) => i - 1);
    expect(new Validator().check(snapshot(1, { bids })).notice!.raw.length).toBeLessThanOrEqual(1024);
  });
});

describe('validator, price against the rolling median', () => {
  const prices = (...each: readonly number[]) => each.map((price, i) => trade(i + 1, { price }));

  it('sets one jump aside and goes on', () => {
    expect(reasons(prices(100, 101, 130, 100, 70, 102))).toEqual([
      'ok',
      'ok',
      '!PriceJump',
      'ok',
      '!PriceJump',
      'ok',
    ]);
  });

  it('follows the market in small steps', () => {
    const walk = Array.from({ length: 200 }, (_, i) => 100 * 1.005 ** i);
    expect(new Set(reasons(prices(...walk)))).toEqual(new Set(['ok']));
  });

  it('takes a new level with the fifth price that agrees', () => {
    const events = prices(100, 100, 200, 201, 199, 200, 202, 201, 100);
    expect(reasons(events).map((reason) => reason === 'ok')).toEqual([
      ...[true, true, false, false, false, false, true, true],
      false,
    ]);
  });

  it('never takes prices that disagree with each other, however many', () => {
    const wild = Array.from({ length: 40 }, (_, i) => 100 * 3 ** (1 + (i % 5)));
    expect(new Set(reasons(prices(100, 100, 100, ...wild)).slice(3))).toEqual(new Set(['!PriceJump']));
  });

  it('begins the count anew after a price on the old level', () => {
    const events = prices(100, 200, 200, 200, 200, 100, 200, 200, 200, 200);
    expect(reasons(events).filter((reason) => reason === '!PriceJump')).toHaveLength(8);
  });

  it('compares a quote by its mid and a bar by its close, with a wider bound', () => {
    expect(reasons([quote(1), quote(2, { askPrice: 130 })])).toEqual(['ok', '!PriceJump']);
    expect(reasons([bar(1), bar(2, { high: 141, close: 140 })])).toEqual(['ok', 'ok']);
    expect(reasons([bar(1), bar(2, { high: 161, close: 160 })])).toEqual(['ok', '!PriceJump']);
  });

  it('keeps symbols apart', () => {
    expect(reasons([trade(1), trade(1, { symbol: 'Y', price: 5000 })])).toEqual(['ok', 'ok']);
  });
});

describe('validator, time against the clock of the symbol', () => {
  const times = (...days: readonly number[]) =>
    days.map((day, i) => trade(i + 1, at(START_US + day * DAY_US)));

  it('sets an event from far ahead aside, so that what follows is not late', () => {
    expect(reasons(times(0, 0.1, 27_000, 0.2))).toEqual(['ok', 'ok', '!TimeOutOfRange', 'ok']);
    expect(reasons([...times(0), { ...trade(2, at(START_US + 99 * DAY_US)), kind: 'heartbeat' }])).toEqual([
      'ok',
      '!TimeOutOfRange',
    ]);
  });

  it('sets an event from far behind aside', () => {
    expect(reasons(times(0, -300, 0.2))).toEqual(['ok', '!TimeOutOfRange', 'ok']);
  });

  it('passes over weekends and holidays, and over a year between bars', () => {
    expect(reasons(times(0, 3, 12))).toEqual(['ok', 'ok', 'ok']);
    const yearly = bar(2, { ...at(START_US + 365 * DAY_US), startTimeUs: START_US });
    expect(reasons([bar(1), yearly])).toEqual(['ok', 'ok']);
  });

  it('goes on at a new time once five events agree on it', () => {
    expect(reasons(times(0, 500, 500, 500, 500, 500, 500.1, 0))).toEqual([
      ...['ok', '!TimeOutOfRange', '!TimeOutOfRange', '!TimeOutOfRange', '!TimeOutOfRange'],
      ...['ok', 'ok', '!TimeOutOfRange'],
    ]);
  });

  it('begins the count anew after an event near the clock, and may shift back too', () => {
    const far = '!TimeOutOfRange';
    expect(reasons(times(0, 500, 500, 500, 500, 1, 500))).toEqual(['ok', far, far, far, far, 'ok', far]);
    expect(reasons(times(500, 0, 0, 0, 0, 0, 1, 500))).toEqual(['ok', far, far, far, far, 'ok', 'ok', far]);
  });

  it('is not moved by an event that is refused for another reason', () => {
    const bad = trade(2, { ...at(START_US + 9 * DAY_US), price: -1 });
    expect(reasons([trade(1), bad, trade(3, at(START_US - 8 * DAY_US))])).toEqual([
      'ok',
      '!NonPositivePrice',
      'ok',
    ]);
  });
});

describe('validator, chain of depth updates', () => {
  it('reports a gap once and accepts the event: those before it are lost, not it', () => {
    const events = [snapshot(10), delta(11, 12), delta(14, 15), delta(16, 17)];
    expect(reasons(events)).toEqual(['ok', 'ok', 'SequenceGap', 'ok']);
  });

  it('judges futures as the book does: the predecessor must be exactly the last', () => {
    expect(reasons([delta(90, 100, 89), delta(95, 110, 94)])).toEqual(['ok', 'SequenceGap']);
  });

  it('begins the chain anew with the snapshot of the same venue', () => {
    const restarted = [snapshot(100), delta(101, 101), snapshot(1), delta(2, 2), delta(4, 4)];
    expect(reasons(restarted)).toEqual(['ok', 'ok', 'ok', 'ok', 'SequenceGap']);
    expect(reasons([delta(90, 100, 89), snapshot(120), delta(125, 130, 119)])).toEqual(['ok', 'ok', 'ok']);
    const other = { ...snapshot(1), source: 'elsewhere.snapshot' };
    expect(reasons([snapshot(100), delta(101, 101), other, delta(103, 103)]).at(-1)).toBe('SequenceGap');
  });

  it('reports a snapshot that does not reach the deltas that wait', () => {
    expect(reasons([delta(11, 20, 10), snapshot(9), snapshot(10)])).toEqual(['ok', 'SequenceGap', 'ok']);
  });

  it('passes over duplicates and what is older without a word', () => {
    expect(reasons([snapshot(10), delta(11, 12), delta(11, 12), delta(5, 9)])).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
  });
});

describe('validator state', () => {
  it('goes on from its state as if nothing had happened', () => {
    const event = fc.oneof(
      fc
        .record({ n: fc.nat(99), price: fc.constantFrom(100, 101, 250, 251, -1) })
        .map(({ n, price }) => trade(n, { price })),
      fc.constantFrom(0, 1, 600, 601).map((day) => quote(1, at(START_US + day * DAY_US))),
      fc.tuple(fc.nat(20), fc.nat(3)).map(([first, more]) => delta(first, first + more)),
      fc
        .tuple(fc.nat(20), fc.nat(3))
        .map(([first, more]) => delta(first, first + more, Math.max(0, first - 1))),
      fc.nat(20).map((last) => snapshot(last)),
      fc.constantFrom('X', 'Y').map((symbol) => bar(3, { symbol })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), fc.nat(79), (events, restartAt) => {
        const settings = { jumpsToAccept: 3, medianWindow: 5 };
        const straight = new Validator(settings);
        const expected = events.map((each) => straight.check(each));
        let restarted = new Validator(settings);
        const verdicts = events.map((each, i) => {
          if (i === restartAt) restarted = new Validator(settings, structuredClone(restarted.toState()));
          return restarted.check(each);
        });
        expect(verdicts).toEqual(expected);
        expect(restarted.toState()).toEqual(straight.toState());
      }),
      { numRuns: 500 },
    );
  });
});
