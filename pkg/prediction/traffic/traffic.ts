import type { ModelSlo } from '../model-slo.ts';
import type { OverlaySettings } from '../overlay.ts';

/** One revision of a model and the part that it has in the traffic. */
export interface TrafficTarget {
  readonly revision: string;
  /** Percent of the symbols that it answers, 0 to 100. */
  readonly weight: number;
  /** Sees every request that it does not answer too, and what it says is only counted. */
  readonly isShadow: boolean;
  /** `sha256:<hex>` of its manifest; a predictor that serves another is not asked. Absent where nobody has said. */
  readonly digest?: string;
  /** `ip:port` of the predictors that serve it. */
  readonly predictors: readonly string[];
}

/** Where the requests for one model go. */
export interface ModelTraffic {
  readonly model: string;
  /** Symbols that it predicts of the stream; requests may name others. */
  readonly symbols: readonly string[];
  /** The stable revision first. Weights add up to 100, or nothing is routed. */
  readonly targets: readonly TrafficTarget[];
  /** Counts the changes of weights; confirmed once they are followed. */
  readonly generation: number;
  readonly overlay?: OverlaySettings;
  readonly slo?: ModelSlo;
}

/** Tells which models there are and where their requests go. */
export interface TrafficSource {
  /**
   * Follows the traffic until the signal aborts. Every call of `onTraffic` gives all of it, as it is then.
   *
   * @throws {TradewindError} It cannot be followed at all; what passes by itself is waited out.
   */
  follow(signal: AbortSignal, onTraffic: (models: readonly ModelTraffic[]) => void): Promise<void>;
  /** Whether what was told last can be relied on: a source that hears nothing any more is blind. */
  readonly isBlind: boolean;
}
