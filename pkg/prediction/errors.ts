import { TradewindError } from '../runtime/errors.ts';
import { listed, shown } from '../runtime/shown.ts';

/**
 * No model of that name is served.
 *
 * @remedy Ask `GET /models` for the names that are served.
 */
export class ModelNotServed extends TradewindError {
  readonly code = 'ModelNotServed';
  readonly kind = 'notFound';

  constructor(name: string, served: readonly string[]) {
    super({
      message:
        name === ''
          ? `model must be named, since ${served.length} are served: ${listed(served) || 'none'}`
          : `model must be one of ${listed(served) || '(none is served)'}, was '${shown(name)}'`,
      facts: { model: shown(name) },
    });
  }
}

/** What is wrong with features that a caller gave, by name. */
export interface FeatureFaults {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  readonly notFinite: readonly string[];
}

/**
 * Features given by the caller are not those of the model. Every kind of fault is named at once, up to 30 each.
 *
 * @remedy Send every feature that the model names, and no other.
 */
export class FeaturesInvalid extends TradewindError {
  readonly code = 'FeaturesInvalid';
  readonly kind = 'usage';

  constructor({ missing, unknown, notFinite }: FeatureFaults) {
    const parts = [
      missing.length > 0 ? `missing: ${listed(missing)}` : '',
      unknown.length > 0 ? `unknown: ${listed(unknown)}` : '',
      notFinite.length > 0 ? `not a finite number: ${listed(notFinite)}` : '',
    ];
    super({
      message: `features must be those of the model, each a finite number, optional ones may be left out or null; ${parts.filter((part) => part !== '').join('; ')}`,
      facts: { missing: missing.length, unknown: unknown.length, notFinite: notFinite.length },
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

/** A body is of another type than JSON. */
export class ContentTypeUnsupported extends TradewindError {
  readonly code = 'ContentTypeUnsupported';
  readonly kind = 'usage';
  override readonly httpStatus = 415;

  constructor(contentType: string) {
    super({ message: `content-type must be application/json, was '${shown(contentType)}'` });
  }
}

/** A model gave something that is no probability; it must never become a recommendation. */
export class ModelOutputInvalid extends TradewindError {
  readonly code = 'ModelOutputInvalid';
  readonly kind = 'internal';

  constructor(model: string, output: string, value: number) {
    super({
      message: `output '${output}' of model '${model}' must be in [0, 1], was ${value}`,
      facts: { model, output },
    });
  }
}

/** Weights of revisions do not make a split. */
export class WeightsInvalid extends TradewindError {
  readonly code = 'WeightsInvalid';
  readonly kind = 'usage';

  constructor(message: string) {
    super({ message });
  }
}

/**
 * More predictions are under way than the bound.
 *
 * @remedy Send fewer at a time.
 */
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
