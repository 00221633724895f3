import { InvalidArgumentError } from 'commander';

/** Parses a finite number. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError(`must be a number, was '${text}'`);
  return value;
}

/** Parses a whole number of at least `minimum`, and at most `maximum` where there is one. */
export function parseWhole(minimum: number, maximum?: number): (text: string) => number {
  const bounds = maximum === undefined ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  return (text) => {
    const value = Number(text);
    if (
      text.trim() === '' ||
      !Number.isSafeInteger(value) ||
      value < minimum ||
      value > (maximum ?? Infinity)
    ) {
      throw new InvalidArgumentError(`must be a whole number ${bounds}, was '${text}'`);
    }
    return value;
  };
}

/** Parses a speed: a factor > 0, or `max`. */
export function parseSpeed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError(`must be a factor above 0 or 'max', was '${text}'`);
  }
  return value;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Timers hold no more milliseconds than fit into 31 bits; a longer one would fire at once. */
const MAX_HOURS = Math.floor((2 ** 31 - 1) / 3_600_000);

/** Parses a duration such as `500ms`, `60s`, `10m`, `1h` into seconds; the longest is 596 hours, more than 24 days. */
export function parseDurationSeconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * UNIT_SECONDS[match[2]!]!;
  if (!(seconds > 0))
    throw new InvalidArgumentError(`must be a duration such as 500ms, 60s, 10m or 1h, was '${text}'`);
  if (seconds > MAX_HOURS * UNIT_SECONDS['h']!)
    throw new InvalidArgumentError(`must be at most ${MAX_HOURS}h, was '${text}'`);
  return seconds;
}

/** @returns A time with its zone, such as `2026-01-31T00:00:00Z`, in UTC microseconds; undefined where the text is none. */
export function timeUsOf(text: string): number | undefined {
  const timeMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs * 1000;
}

/** Parses a time with its zone into UTC microseconds. */
export function parseTimeUs(text: string): number {
  const timeUs = timeUsOf(text);
  if (timeUs !== undefined) return timeUs;
  throw new InvalidArgumentError(`must be a time with its zone such as 2026-01-31T00:00:00Z, was '${text}'`);
}

/** Parses a comma-separated list of names. */
export function parseList(text: string): readonly string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === ''))
    throw new InvalidArgumentError(`must be names separated by commas, was '${text}'`);
  return items;
}
