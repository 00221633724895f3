import type { Levels, MarketEvent } from '../../../events.ts';
import { type LineFormat, malformed } from '../format.ts';

interface BookMessage {
  readonly type: 'snapshot' | 'delta';
  readonly ts: number;
  readonly data: {
    readonly s: string;
    readonly b: readonly (readonly [string, string])[];
    readonly a: readonly (readonly [string, string])[];
    readonly u: number;
    readonly seq: number;
  };
}

/** Order book channel of Bybit, one JSON message per line: a snapshot, then deltas whose update id grows by one. */
export const bybitBook: LineFormat = {
  name: 'bybit',
  description: 'order book messages of Bybit, JSON lines: snapshot, then deltas',
  recognises: (sample) => sample[0]?.startsWith('{"topic":"orderbook.') === true,
  createParser: () => ({ parse: (line) => [parse(line)] }),
};

function parse(line: string): MarketEvent {
  let message: BookMessage;
  try {
    message = JSON.parse(line) as BookMessage;
  } catch {
    throw malformed('line must hold a JSON message');
  }
  const { type, ts, data } = message;
  if (!Number.isSafeInteger(ts) || !Number.isSafeInteger(data?.u))
    throw malformed('message must have ts and data.u');
  const base = {
    source: `bybit.${type === 'snapshot' ? 'snapshot' : 'depth'}`,
    symbol: data.s,
    sequence: data.u,
    eventTimeUs: ts * 1000,
    receiveTimeUs: ts * 1000,
  };
  const sides = { bids: levels(data.b), asks: levels(data.a) };
  if (type === 'snapshot') return { kind: 'bookSnapshot', ...base, lastUpdateId: data.u, ...sides };
  if (type !== 'delta') throw malformed(`type must be snapshot or delta, was ${String(type)}`);
  return { kind: 'bookDelta', ...base, firstUpdateId: data.u, lastUpdateId: data.u, ...sides };
}

function levels(pairs: readonly (readonly [string, string])[] | undefined): Levels {
  if (!Array.isArray(pairs)) throw malformed('levels must be lists of [price, size]');
  return Float64Array.from(pairs.flatMap(([price, size]) => [Number(price), Number(size)]));
}
