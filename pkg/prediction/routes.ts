import type { FeatureVector } from '../features/feature-vector.ts';
import type { TradewindError } from '../runtime/errors.ts';
import type { PredictionModel } from './model-directory.ts';
import type { Prediction } from './prediction.ts';

/** The models that one request goes to. */
export interface ModelRoute {
  /** The one that answers. */
  readonly model: PredictionModel;
  /** Answers where that one fails; absent where it is the only one. */
  readonly fallback?: PredictionModel;
  /** Get a copy; what they say is only counted. */
  readonly shadows: readonly PredictionModel[];
}

/** Knows the models and who is asked for what. */
export interface ModelRoutes {
  list(): readonly PredictionModel[];
  isEmpty(): boolean;
  /**
   * @param name - May be empty where exactly one model is served.
   * @param key - Gives the symbol, or other text that the same requests have in common; asked only where there is a choice.
   * @throws {ModelNotServed}
   */
  route(name: string, key: () => string): ModelRoute;
  /** A route for each model that predicts a symbol of the stream. */
  covering(symbol: string): readonly ModelRoute[];
}

/** Hears what became of requests, by the model that was asked. */
export interface RouteObserver {
  /** Before the models of a route are asked. Vectors of a symbol come in their order. */
  onVector?(vector: FeatureVector, route: ModelRoute): void;
  /** An answer or abstention of one model; `isOfStream` where it was made for a vector. */
  onPrediction?(model: PredictionModel, prediction: Prediction, isOfStream: boolean): void;
  /** A model gave no answer that can be used: inputs that are not its own, an output that is none, or a run that failed. */
  onFailure?(model: PredictionModel, error: TradewindError): void;
  /** Another model answers in its place. */
  onFallback?(model: PredictionModel): void;
  /** A shadow was not asked: too much is under way already. */
  onDropped?(shadow: PredictionModel): void;
}
