import { TradewindError } from '../runtime/errors.ts';

/** Bytes that are not the message they should be. */
export class PoisonMessage extends TradewindError {
  readonly code = 'PoisonMessage';
  readonly kind = 'data';

  constructor(type: string, why: string, cause?: unknown) {
    super({ message: `message must be a ${type}, ${why}`, facts: { type }, cause });
  }
}

/** Whether an error says that a message, and not the reader, is at fault. */
export function isPoisonMessage(error: unknown): error is PoisonMessage {
  return error instanceof PoisonMessage;
}
