const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Shown where a figure is not known. */
export const UNKNOWN = '–';

/** @param {number} value */
export const count = (value) => whole.format(value);

/**
 * @param {number | null | undefined} value
 * @param {number} decimals
 */
export function fixed(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** @param {number | null | undefined} value - In [0, 1]. */
export const percent = (value) =>
  value === null || value === undefined ? UNKNOWN : `${(value * 100).toFixed(1)} %`;

/**
 * Seven significant digits, but no more than eight decimals, with no more ink than they need.
 *
 * @param {number} value
 */
export function significant(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e9)) return value.toExponential(4);
  const decimals = Math.max(0, Math.min(8, 7 - Math.ceil(Math.log10(size + 1e-12))));
  return fixed(value, Number.isInteger(value) ? 0 : decimals);
}

/** @param {number | null} ms */
export function milliseconds(ms) {
  if (ms === null) return UNKNOWN;
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${ms.toFixed(0)} ms`;
}

/**
 * A duration in words, in steps that do not flicker.
 *
 * @param {number} ms
 */
export function age(ms) {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** @param {number} timeMs */
export const timeOfDay = (timeMs) => new Date(timeMs).toISOString().slice(11, 19);

/** @param {number} timeMs */
export const dateAndTime = (timeMs) => new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');

/**
 * Decimals that a price is quoted with, at most 6.
 *
 * @param {number} price
 */
export function decimalsOf(price) {
  for (let decimals = 0; decimals < 6; decimals += 1) {
    const scaled = price * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, Math.abs(scaled) * 1e-3)) return decimals;
  }
  return 6;
}

/** Names of kinds of events as people who trade call them. @type {Readonly<Record<string, string>>} */
const KINDS = {
  trade: 'trades',
  quote: 'quotes',
  bookDelta: 'depth updates',
  bookSnapshot: 'book snapshots',
  bar: 'bars',
  heartbeat: 'heartbeats',
};

/** @param {string} kind */
export const kindName = (kind) => KINDS[kind] ?? kind;

/** `FeaturesNotReady` as words. @param {string} name */
export const words = (name) =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/^./, (first) => first.toUpperCase())
    .replace(/ [A-Z]/g, (letter) => letter.toLowerCase());
