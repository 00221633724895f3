import { finite, malformed } from '../format.ts';

/** What one unit of a fixed-point price is the inverse of: 1e-9 of the quote currency. */
const FIXED_POINT_UNITS = 1e9;
/** The largest 64-bit integer marks a price that is not there. */
const UNDEFINED = '9223372036854775807';
const WHOLE = /^-?\d+$/;
/** A thousandth of the quote currency in fixed point; as a decimal price without a point, more than what any market trades at. */
const LEAST_FIXED_POINT = 1e6;

/** Reads one price. @throws {MalformedLine} */
export type PriceReader = (text: string | undefined, name: string) => number;

/**
 * Chooses how a file's prices are read, by its first rows: as fixed point where no price has a decimal point and all are large,
 * else as decimals. A price of the other kind further on is refused, not guessed at.
 *
 * @param prices - Price fields of the first rows.
 * @see https://databento.com/docs/standards-and-conventions (prices in units of 1e-9, `UNDEF_PRICE`)
 */
export function priceReaderFor(prices: readonly (string | undefined)[]): PriceReader {
  const known = prices
    .filter((text) => text !== UNDEFINED)
    .map(Number)
    .filter((price) => Number.isFinite(price) && price !== 0);
  const isFixedPoint =
    known.length > 0 &&
    known.every((price) => Number.isInteger(price) && Math.abs(price) >= LEAST_FIXED_POINT);
  return isFixedPoint ? fixedPoint : decimal;
}

function fixedPoint(text: string | undefined, name: string): number {
  if (text === undefined || text === UNDEFINED || !WHOLE.test(text))
    throw malformed(
      `${name} must be a price in units of 1e-9, as in the first rows, was '${shown(text)}'`,
      'NotANumber',
    );
  return Number(text) / FIXED_POINT_UNITS;
}

function decimal(text: string | undefined, name: string): number {
  const price = finite(text, name);
  if (WHOLE.test(text!) && Math.abs(price) >= LEAST_FIXED_POINT)
    throw malformed(
      `${name} must be a decimal price, as in the first rows, was '${shown(text)}'`,
      'NotANumber',
    );
  return price;
}

const shown = (text: string | undefined): string => (text ?? '').slice(0, 40);
