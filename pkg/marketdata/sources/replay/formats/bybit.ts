import type { MarketEvent } from '../../../events.ts';
import { type LineFormat, malformed } from '../format.ts';
import { idOf, levelsOf, millisecondsOf, objectOf, parseObject, symbolOf } from '../json-fields.ts';

/** Order book channel of Bybit, one JSON message per line: a snapshot, then deltas whose update id grows by one. */
export const bybitBook: LineFormat = {
  name: 'bybit',
  description: 'order book messages of Bybit, JSON lines: snapshot, then deltas',
  recognises: (sample) => sample.some((line) => line.startsWith('{') && /"topic":\s*"orderbook\./.test(line)),
  createParser: () => ({ hasHeader: false, parse: (line) => [parse(line)] }),
};

function parse(line: string): MarketEvent {
  const message = parseObject(line);
  const { type } = message;
  if (type !== 'snapshot' && type !== 'delta')
    throw malformed(`type must be snapshot or delta, was ${String(type).slice(0, 40)}`);
  const timeUs = millisecondsOf(message, 'ts') * 1000;
  const data = objectOf(message['data'], 'data');
  const lastUpdateId = idOf(data, 'u');
  const base = {
    source: `bybit.${type === 'snapshot' ? 'snapshot' : 'depth'}`,
    symbol: symbolOf(data, 's'),
    sequence: lastUpdateId,
    eventTimeUs: timeUs,
    receiveTimeUs: timeUs,
  };
  const sides = { bids: levelsOf(data, 'b'), asks: levelsOf(data, 'a') };
  return type === 'snapshot'
    ? { kind: 'bookSnapshot', ...base, lastUpdateId, ...sides }
    : { kind: 'bookDelta', ...base, firstUpdateId: lastUpdateId, lastUpdateId, ...sides };
}
