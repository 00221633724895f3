import type { OverlayStep } from './overlay.ts';
import type { Prediction } from './prediction.ts';

/** A prediction with everything that led to it. */
export interface Explanation {
  readonly prediction: Prediction;
  /** The inputs in the order of the model; NaN is absent. */
  readonly features: readonly {
    readonly name: string;
    readonly value: number;
    readonly importance: number;
  }[];
  readonly members: readonly { readonly member: string; readonly probabilityUp: number }[];
  readonly overlay: readonly OverlayStep[];
  readonly lineage: {
    readonly modelDigest: string;
    readonly dataDigest: string;
    readonly codeVersion: string;
    readonly featureSet: string;
    readonly featureOffset: number;
    readonly featureTimeUs: number;
    readonly knownTimeUs: number;
  };
}
