import { TimeZoneUnknown } from '../../errors.ts';

/** Date with dashes or without, then perhaps a clock with colons or without, then perhaps a zone. */
const DATE_TIME =
  /^(\d{4})(-?)(\d\d)\2(\d\d)(?:[T ,](\d\d)(:?)(\d\d)(?:\6(\d\d)(?:[.]?(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;
/** `YYYYMMDD`, then perhaps `HHMM`, `SS`, milliseconds: as an epoch number of any unit it would be no time from 1980 to 2199. */
const DIGITS_ONLY = /^((?:19|20|21)\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(\d{3})?)?)?$/;
const EPOCH = /^-?\d+(?:\.\d*)?$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Turns the text of a time into UTC microseconds. */
export type TimeParser = (text: string) => number;

/**
 * A parser for RFC 3339 (with or without zone, `T`, a space or a comma), dates, `YYYYMMDD HHMMSSmmm` with or without the space, and
 * epoch numbers in seconds, milliseconds, microseconds or nanoseconds, told apart by size.
 *
 * @param timeZone - IANA zone of times that carry none; UTC by default.
 * @returns A function that gives NaN for what it cannot read, and for dates and clock times that do not exist.
 * @throws {TimeZoneUnknown}
 */
export function createTimeParser(timeZone = 'UTC'): TimeParser {
  const offsetUs = timeZone === 'UTC' ? () => 0 : zoneOffset(timeZone);
  return (text) => {
    const digits = DIGITS_ONLY.exec(text);
    if (digits !== null) {
      const [, year, month, day, hour, minute, second, fraction] = digits;
      const us = dateTimeUs(year!, month!, day!, hour, minute, second, fraction);
      return us - offsetUs(us);
    }
    if (EPOCH.test(text)) return fromEpoch(text);
    const match = DATE_TIME.exec(text);
    if (match === null) return Number.NaN;
    const [, year, , month, day, hour, , minute, second, fraction, zone] = match;
    const us = dateTimeUs(year!, month!, day!, hour, minute, second, fraction);
    return zone === undefined ? us - offsetUs(us) : us - explicitOffset(zone);
  };
}

/** NaN for a date that is in no calendar, which Date.UTC would roll over into another. */
function dateTimeUs(
  year: string,
  month: string,
  day: string,
  hour = '00',
  minute = '00',
  second = '00',
  fraction = '',
): number {
  const isLeapYear = (+year % 4 === 0 && +year % 100 !== 0) || +year % 400 === 0;
  const days = month === '02' && !isLeapYear ? 28 : (DAYS[+month - 1] ?? 0);
  const isDate = +day >= 1 && +day <= days;
  const isClock = +hour <= 23 && +minute <= 59 && +second <= 59;
  if (!isDate || !isClock) return Number.NaN;
  const seconds = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second) / 1000;
  return seconds * 1e6 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

function fromEpoch(text: string): number {
  const number = Number(text);
  const size = Math.abs(number);
  if (size < 1e11) return Math.round(number * 1e6);
  if (size < 1e14) return Math.round(number * 1e3);
  if (size < 1e17) return Math.round(number);
  // Nanoseconds are beyond 2^53: cut the text, not the number.
  return /^\d+$/.test(text) ? Number(text.slice(0, -3)) : Math.floor(number / 1e3);
}

/** NaN for an offset of 24 hours or more, or of 60 minutes. */
function explicitOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000_000;
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
    if (Number.isNaN(localUs)) return 0;
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
