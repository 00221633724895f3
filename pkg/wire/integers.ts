import { PoisonMessage } from './errors.ts';

/** A time or number of ours as protobuf's int64. */
export function toInt64(value: number): bigint {
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
