import type { LogRecord } from '../eventlog/event-log.ts';
import { ingestHeaders } from './ingest-time.ts';

/** Header with {@link HOPS} of the event behind a derived record: microseconds since its arrival, separated by commas. */
const HOPS_HEADER = 'hops_us';

/** Moments on the way of an event, in order; a feature vector carries the first three, a prediction all. */
export const HOPS = [
  'tickAppended',
  'featuresTookIt',
  'vectorSent',
  'vectorAppended',
  'gatewayTookIt',
  'predictionSent',
] as const;

/**
 * Headers of a record that a station derives from `record`: when its event arrived, where that record has been, and the
 * station itself.
 *
 * @param arrivedUs - Of the event, UTC microseconds of the machine, as the other times are.
 * @param tookUs - When the station was given the record.
 * @param sentUs - When it gave the derived one to the log.
 */
export function derivedHeaders(
  record: LogRecord,
  arrivedUs: number,
  tookUs: number,
  sentUs: number,
): Readonly<Record<string, string>> {
  const before = record.headers?.[HOPS_HEADER];
  const own = [record.appendedUs ?? Number.NaN, tookUs, sentUs].map((timeUs) =>
    Math.round(timeUs - arrivedUs),
  );
  return {
    ...ingestHeaders(arrivedUs),
    [HOPS_HEADER]: before === undefined ? own.join() : `${before},${own.join()}`,
  };
}

/** Microseconds since the arrival of the event, as many of {@link HOPS} as the record has; NaN where a log did not tell. */
export function hopsOf({ headers }: LogRecord): readonly number[] {
  return headers?.[HOPS_HEADER]?.split(',').map(Number) ?? [];
}
