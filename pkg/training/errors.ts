import { TradewindError } from '../runtime/errors.ts';

/**
 * Feature files cannot be trained on together or at all: their columns differ, or none tells how the price moved.
 *
 * @remedy Make them again with one set of features, with a column `close` or the feature `return_1`.
 */
export class FeatureFileUnusable extends TradewindError {
  readonly code = 'FeatureFileUnusable';
  readonly kind = 'data';

  constructor(file: string, message: string) {
    super({ message: `feature file '${file}' ${message}`, facts: { file } });
  }
}
