import type { QuarantineReason } from '../marketdata/events.ts';
import { TradewindError } from '../runtime/errors.ts';

/** Bytes that are not the message they should be, or a message that cannot be meant where it lies. */
export class PoisonMessage extends TradewindError {
  readonly code = 'PoisonMessage';
  readonly kind = 'data';
  /** Why it is set aside. */
  readonly reason: QuarantineReason;

  constructor(type: string, why: string, cause?: unknown, reason: QuarantineReason = 'Malformed') {
    super({ message: `message must be a ${type}, ${why}`, facts: { type }, cause });
    this.reason = reason;
  }
}

/** A value that no message can carry as it is: a fractional time, a number of 2^53 or more. */
export class ValueNotEncodable extends TradewindError {
  readonly code = 'ValueNotEncodable';
  readonly kind = 'data';

  constructor(field: string, must: string, was: number) {
    super({ message: `${field} must be ${must}, was ${was}`, facts: { field, was } });
  }
}

/** Whether an error says that a message, and not the reader, is at fault. */
export function isPoisonMessage(error: unknown): error is PoisonMessage {
  return error instanceof PoisonMessage;
}
