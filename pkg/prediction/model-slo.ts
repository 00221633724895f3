import { TradewindError } from '../runtime/errors.ts';
import { FeaturesInvalid, ModelNotServed } from './errors.ts';
import type { AbstainReason, Prediction } from './prediction.ts';

/** What is promised of the answers of a model. */
export interface ModelSlo {
  /** An answer within it is a fast one, milliseconds. */
  readonly latencyThresholdMs: number;
  /** Share of the answers that must be fast, in (0, 1). */
  readonly latencyObjective: number;
}

/** Of a model that says nothing of its own: the defaults of `spec.slo` of a TradingModel. */
export const DEFAULT_SLO: ModelSlo = { latencyThresholdMs: 50, latencyObjective: 0.999 };

/** Share of the requests that must be answered at all, whatever the model. */
export const AVAILABILITY_OBJECTIVE = 0.999;

/** What became of a request: a prediction, a reason why there is none, or an error. */
export type Served = Prediction | TradewindError;

/** A model as what is promised of it is counted. */
export interface PromisedModel {
  readonly name: string;
  /** Absent where nobody has said. */
  readonly slo?: ModelSlo;
}

/** Hears what became of each request for a model. */
export type ServedListener = (model: PromisedModel, served: Served) => void;

/** Knows which models are promised, whether or not anything runs them: what fails because nothing does is counted too. */
export interface PromisedModels {
  /** @param symbol - Those alone that predict this symbol of the stream; absent for all. */
  promised(symbol?: string): readonly PromisedModel[];
}

/** Abstentions that are the fault of the service; the others say the truth about the data, which has objectives of its own. */
const FAULTY: ReadonlySet<AbstainReason> = new Set([
  'ModelUnavailable',
  'FeaturesUnavailable',
  'FeatureSetMismatch',
]);

/**
 * Whether an error is the caller's own fault. It is told by where it comes from and not by its kind: a predictor that refuses gives the kind
 * that the fault has for the predictor, and a faulty model (`data`) or inputs that the gateway laid out wrongly (`usage`) are no
 * fault of whoever asked.
 */
const isOfCaller = (error: TradewindError): boolean =>
  error instanceof FeaturesInvalid || error instanceof ModelNotServed;

/** Whether a request was answered, as availability counts it; `undefined` where it was none that could be. */
export function isAvailable(served: Served): boolean | undefined {
  if (served instanceof TradewindError) return isOfCaller(served) ? undefined : false;
  return served.recommendation !== 'abstain' || !FAULTY.has(served.abstainReason);
}

/** Whether an answer was fast; `undefined` where there is none to be measured: what failed counts against availability. */
export function isFast(served: Served, { latencyThresholdMs }: ModelSlo): boolean | undefined {
  if (served instanceof TradewindError || served.recommendation === 'abstain') return undefined;
  return served.latencyUs <= latencyThresholdMs * 1000;
}
