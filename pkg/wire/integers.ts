import { PoisonMessage, ValueNotEncodable } from './errors.ts';

/**
 * A time or number of ours as protobuf's int64.
 *
 * @param field - What it is, for the error.
 * @throws {ValueNotEncodable} It is not an integer, or beyond 2^53, where numbers are no longer exact.
 */
export function toInt64(value: number, field = 'int64'): bigint {
  if (!Number.isSafeInteger(value)) throw new ValueNotEncodable(field, 'an integer within 2^53', value);
  return BigInt(value);
}

/**
 * An int64 as a number.
 *
 * @throws {PoisonMessage} It lies beyond 2^53, where numbers are no longer exact.
 */
export function fromInt64(value: bigint, type: string, field: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new PoisonMessage(type, `${field} must be within 2^53, was ${value}`);
  return number;
}
