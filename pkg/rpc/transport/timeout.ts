import { FramingInvalid } from './frame-reader.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Longest delay of a timer; later deadlines are cut to it (24 days). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Milliseconds of the header `grpc-timeout`: at most eight digits and a unit.
 *
 * @see The gRPC over HTTP/2 protocol specification, "Timeout".
 * @throws {FramingInvalid} The header has another form.
 */
export function parseTimeoutMs(header: string): number {
  const match = /^(\d{1,8})([HMSmun])$/.exec(header);
  const unit = UNIT_MS[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new FramingInvalid('have a grpc-timeout of at most eight digits and a unit', `'${header}'`);
  }
  return Math.min(Number(match[1]) * unit, MAX_TIMER_MS);
}
