import { TradewindError } from '../runtime/errors.ts';

/** No model of that name is served. */
export class ModelNotServed extends TradewindError {
  readonly code = 'ModelNotServed';
  readonly kind = 'notFound';

  constructor(name: string, served: readonly string[]) {
    super({
      message:
        name === ''
          ? `model must be named, since ${served.length} are served: ${served.join(', ') || 'none'}`
          : `model must be one of ${served.join(', ') || '(none is served)'}, was '${name}'`,
      facts: { model: name },
    });
  }
}

/** Features given by the caller are not those of the model. Every fault is named at once. */
export class FeaturesInvalid extends TradewindError {
  readonly code = 'FeaturesInvalid';
  readonly kind = 'usage';

  constructor(missing: readonly string[], unknown: readonly string[], notFinite: readonly string[]) {
    const parts = [
      missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
      unknown.length > 0 ? `unknown: ${unknown.join(', ')}` : '',
      notFinite.length > 0 ? `not a finite number: ${notFinite.join(', ')}` : '',
    ];
    super({
      message: `features must be exactly those of the model, each a finite number; ${parts.filter((part) => part !== '').join('; ')}`,
      facts: { missing: missing.join(','), unknown: unknown.join(','), notFinite: notFinite.join(',') },
    });
  }
}

/** A request says neither or both of symbol and features, or is not of the form. */
export class RequestInvalid extends TradewindError {
  readonly code = 'RequestInvalid';
  readonly kind = 'usage';

  constructor(message: string) {
    super({ message });
  }
}

/** More predictions are under way than the bound. */
export class PredictionOverload extends TradewindError {
  readonly code = 'PredictionOverload';
  readonly kind = 'exhausted';
  override readonly retryable = true;

  constructor(maxInFlight: number) {
    super({
      message: `predictions under way must be at most ${maxInFlight}, try again`,
      facts: { maxInFlight },
    });
  }
}
