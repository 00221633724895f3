import { TradewindError } from '../../runtime/errors.ts';

/** The exported graph does not answer as the model that was trained. */
export class ExportDisagreement extends TradewindError {
  readonly code = 'ExportDisagreement';
  readonly kind = 'internal';

  constructor(rows: number, worst: number, bound: number) {
    super({
      message: `exported graph must agree with the model within ${bound} on every row, differed by ${worst} on ${rows} rows`,
      facts: { rows, worst, bound },
    });
  }
}

/**
 * A model file cannot be served, found before anything runs it.
 *
 * @remedy Serve a model of the supported operators, with its weights inside the file.
 */
export class GraphRefused extends TradewindError {
  readonly code = 'GraphRefused';
  readonly kind = 'data';

  constructor(rule: string, message: string) {
    super({ message, facts: { rule } });
  }
}
