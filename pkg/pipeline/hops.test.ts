import { expect, it } from 'vitest';

import type { LogRecord } from '../eventlog/event-log.ts';
import { derivedHeaders, HOPS, hopsOf } from './hops.ts';
import { ingestTimeUs } from './ingest-time.ts';

const record = (more: Partial<LogRecord>): LogRecord => ({
  ...{ topic: 't', partition: 0, offset: 0, key: 'ES', value: null, timestampUs: 0 },
  ...more,
});

it('tells a reader of the last station where each of those before it was', () => {
  const vector = record({
    headers: derivedHeaders(record({ appendedUs: 1_002_000 }), 1_000_000, 1_003_000, 1_003_500),
    appendedUs: 1_005_000,
  });
  expect(hopsOf(vector)).toEqual([2000, 3000, 3500]);
  const prediction = record({ headers: derivedHeaders(vector, 1_000_000, 1_006_000, 1_007_000) });
  expect(hopsOf(prediction)).toEqual([2000, 3000, 3500, 5000, 6000, 7000]);
  expect(hopsOf(prediction)).toHaveLength(HOPS.length);
  expect(ingestTimeUs(prediction, 0)).toBe(1_000_000);
});

it('leaves out what a log does not tell, and knows nothing of what others have written', () => {
  expect(hopsOf(record({ headers: derivedHeaders(record({}), 1000, 1500, 1600) }))).toEqual([NaN, 500, 600]);
  expect(hopsOf(record({}))).toEqual([]);
});
