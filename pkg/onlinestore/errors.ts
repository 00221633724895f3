import { TradewindError } from '../runtime/errors.ts';

/** Something was to be stored that no store can keep as it is. */
export class StoreValueInvalid extends TradewindError {
  readonly code = 'StoreValueInvalid';
  readonly kind = 'usage';

  constructor(field: string, must: string, was: string | number) {
    super({ message: `${field} must be ${must}, was ${was}`, facts: { field, was } });
  }
}

/** The store has been closed. */
export class StoreClosed extends TradewindError {
  readonly code = 'StoreClosed';
  readonly kind = 'precondition';

  constructor() {
    super({ message: 'the online store must be open, was closed' });
  }
}
