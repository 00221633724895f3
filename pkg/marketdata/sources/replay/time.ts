import { TimeZoneUnknown } from '../../errors.ts';

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ,](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)[ T](\d\d)(\d\d)(\d\d)(\d{3})?$/;

/** Turns the text of a time into UTC microseconds. */
export type TimeParser = (text: string) => number;

/**
 * A parser for RFC 3339 (with or without zone, `T` or a space), dates, `YYYYMMDD HHMMSSmmm`, and epoch numbers in seconds,
 * milliseconds, microseconds or nanoseconds, told apart by size.
 *
 * @param timeZone - IANA zone of times that carry none; UTC by default.
 * @returns A function that gives NaN for what it cannot read.
 * @throws {TimeZoneUnknown}
 */
export function createTimeParser(timeZone = 'UTC'): TimeParser {
  const offsetUs = timeZone === 'UTC' ? () => 0 : zoneOffset(timeZone);
  return (text) => {
    const number = text === '' ? Number.NaN : Number(text);
    if (!Number.isNaN(number)) return fromEpoch(number, text);
    const match = RFC3339.exec(text);
    if (match !== null) {
      const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
      const ms = Date.UTC(+year!, +month! - 1, +day!, +hour, +minute, +second);
      const us = ms * 1000 + Math.floor(Number(fraction.padEnd(6, '0').slice(0, 6)));
      return zone === undefined ? us - offsetUs(us) : us - explicitOffset(zone);
    }
    const compact = COMPACT.exec(text);
    if (compact === null) return Number.NaN;
    const [, year, month, day, hour, minute, second, ms = '0'] = compact;
    const us = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!, +ms) * 1000;
    return us - offsetUs(us);
  };
}

function fromEpoch(number: number, text: string): number {
  const size = Math.abs(number);
  if (size < 1e11) return Math.round(number * 1e6);
  if (size < 1e14) return Math.round(number * 1e3);
  if (size < 1e17) return Math.round(number);
  // Nanoseconds are beyond 2^53: cut the text, not the number.
  return /^\d+$/.test(text) ? Number(text.slice(0, -3)) : Math.floor(number / 1e3);
}

function explicitOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60_000_000;
}

/** Offset of local time from UTC in a zone; looked up once an hour of local time, for speed. */
function zoneOffset(timeZone: string): (localUs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...({
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      } as const),
    });
  } catch {
    throw new TimeZoneUnknown(timeZone);
  }
  const offsetAt = (utcMs: number): number => {
    const part = Object.fromEntries(
      format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]),
    );
    const local = Date.UTC(
      part['year']!,
      part['month']! - 1,
      part['day'],
      part['hour'],
      part['minute'],
      part['second'],
    );
    return local - Math.floor(utcMs / 1000) * 1000;
  };
  const cache = new Map<number, number>();
  return (localUs) => {
    const hour = Math.floor(localUs / 3_600_000_000);
    let offset = cache.get(hour);
    if (offset === undefined) {
      const localMs = localUs / 1000;
      // Twice: the offset at the guess may differ from the offset at the answer next to a change of the clocks.
      offset = offsetAt(localMs - offsetAt(localMs)) * 1000;
      cache.set(hour, offset);
    }
    return offset;
  };
}
