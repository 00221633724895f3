import { TradewindError } from '../../runtime/errors.ts';
import { listed, shown } from '../../runtime/shown.ts';

/** Characters of what a tensor is instead: a shape, as a rule. */
const MAX_WAS_LENGTH = 200;

/** No model of that name and version is served. */
export class ModelNotFound extends TradewindError {
  readonly code = 'ModelNotFound';
  readonly kind = 'notFound';

  constructor(model: string, version: string) {
    const facts = { model: shown(model), version: shown(version) };
    const what = version === '' ? `'${facts.model}'` : `'${facts.model}' version '${facts.version}'`;
    super({ message: `Model must be one that is served, ${what} is not`, facts });
  }
}

/** A tensor of a request does not fit its own shape or the model's signature. */
export class TensorInvalid extends TradewindError {
  readonly code = 'TensorInvalid';
  readonly kind = 'usage';

  constructor(tensor: string, must: string, was: string) {
    const facts = { tensor: shown(tensor) };
    super({ message: `Tensor '${facts.tensor}' must ${must}, was ${shown(was, MAX_WAS_LENGTH)}`, facts });
  }
}

/** A request has an input too many or too few, or the same twice. */
export class InputsMismatch extends TradewindError {
  readonly code = 'InputsMismatch';
  readonly kind = 'usage';

  constructor(wanted: readonly string[], given: readonly string[]) {
    const message = `Inputs must be ${list(wanted)}, each once, were ${list(given)}`;
    super({ message, facts: { wanted: listed(wanted), given: listed(given) } });
  }
}

/** A request asks for an output that the model does not have. */
export class OutputUnknown extends TradewindError {
  readonly code = 'OutputUnknown';
  readonly kind = 'usage';

  constructor(output: string, known: readonly string[]) {
    super({
      message: `Output must be one of ${list(known)}, was '${shown(output)}'`,
      facts: { output: shown(output) },
    });
  }
}

/** A request has more rows than one call may bring. */
export class TooManyRows extends TradewindError {
  readonly code = 'TooManyRows';
  readonly kind = 'usage';

  constructor(rows: number, maxRows: number) {
    super({
      message: `Rows of one request must be at most ${maxRows}, were ${rows}: send them in parts`,
      facts: { rows, maxRows },
    });
  }
}

/** A request by HTTP is no JSON, lacks a field, or announces binary data that is not there. */
export class RestRequestInvalid extends TradewindError {
  readonly code = 'RestRequestInvalid';
  readonly kind = 'usage';

  constructor(must: string, cause?: unknown) {
    super({ message: `Request must ${must}`, cause });
  }
}

function list(names: readonly string[]): string {
  return listed(names, "'") || 'none';
}
