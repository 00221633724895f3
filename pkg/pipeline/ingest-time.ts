import type { LogRecord } from '../eventlog/event-log.ts';
import { TRACEPARENT } from '../tracing/trace-context.ts';

/** Header with the machine's time, UTC microseconds, at which the event behind a record arrived. */
const INGEST_TIME_HEADER = 'ingest_time_us';

/** What tells of the first way of an event through the system. */
const OF_ARRIVAL: ReadonlySet<string> = new Set([INGEST_TIME_HEADER, TRACEPARENT]);

/** Headers of a record whose event arrived at `ingestTimeUs`. */
export function ingestHeaders(ingestTimeUs: number): Readonly<Record<string, string>> {
  return { [INGEST_TIME_HEADER]: String(ingestTimeUs) };
}

/** When the event behind the record arrived; `fallbackUs` where the record does not say. */
export function ingestTimeUs(record: LogRecord, fallbackUs: number): number {
  const header = record.headers?.[INGEST_TIME_HEADER];
  const parsed = header === undefined ? Number.NaN : Number(header);
  return Number.isFinite(parsed) ? parsed : fallbackUs;
}

/** Headers but for the time of arrival and the trace, which both ended long ago, for a record that is given again. */
export function withoutArrival(
  headers: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ARRIVAL.has(name)));
}
