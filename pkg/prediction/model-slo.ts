import { TradewindError } from '../runtime/errors.ts';
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

/** Hears what became of each request for a model. */
export type ServedListener = (
  model: { readonly name: string; readonly slo?: ModelSlo },
  served: Served,
) => void;

/** Abstentions that are the fault of the service; the others say the truth about the data, which has objectives of its own. */
const FAULTY: ReadonlySet<AbstainReason> = new Set([
  'ModelUnavailable',
  'FeaturesUnavailable',
  'FeatureSetMismatch',
]);

/** Kinds of errors that are the caller's. */
const CALLERS: ReadonlySet<TradewindError['kind']> = new Set(['usage', 'data', 'notFound']);

/** Whether a request was answered, as availability counts it; `undefined` where it was none that could be. */
export function isAvailable(served: Served): boolean | undefined {
  if (served instanceof TradewindError) return CALLERS.has(served.kind) ? undefined : false;
  return served.recommendation !== 'abstain' || !FAULTY.has(served.abstainReason);
}

/** Whether an answer was fast; `undefined` where there is none to be measured: what failed counts against availability. */
export function isFast(served: Served, { latencyThresholdMs }: ModelSlo): boolean | undefined {
  if (served instanceof TradewindError || served.recommendation === 'abstain') return undefined;
  return served.latencyUs <= latencyThresholdMs * 1000;
}
