import { expect, it } from 'vitest';

import { ingestHeaders, ingestTimeUs, withoutArrival } from './ingest-time.ts';

const record = (headers?: Readonly<Record<string, string>>) => ({
  ...{ topic: 't', partition: 0, offset: 0, key: 'ES', value: null, timestampUs: 5 },
  ...(headers === undefined ? {} : { headers }),
});

it('a record says when the event behind it arrived', () => {
  expect(ingestTimeUs(record(ingestHeaders(1_700_000_000_123_456)), 7)).toBe(1_700_000_000_123_456);
});

it.each([
  ['no headers', undefined],
  ['other headers', { other: '1' }],
  ['no number', { ingest_time_us: 'soon' }],
])('the fallback holds for a record with %s', (_what, headers) => {
  expect(ingestTimeUs(record(headers), 7)).toBe(7);
});

it('a record that is given again arrives anew, in no trace, and keeps its other headers', () => {
  const headers = { ...ingestHeaders(9), traceparent: 'of then', other: '1' };
  expect(withoutArrival(headers)).toEqual({ other: '1' });
  expect(withoutArrival(undefined)).toEqual({});
});
