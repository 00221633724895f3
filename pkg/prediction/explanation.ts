import type { PredictionModel } from './model-directory.ts';
import { explainOverlay, type OverlaySettings, type OverlayStep } from './overlay.ts';
import type { Prediction } from './prediction.ts';

/** A prediction with everything that led to it. */
export interface Explanation {
  readonly prediction: Prediction;
  /** The inputs in the order of the model; NaN is absent. Empty where no model is there. */
  readonly features: readonly {
    readonly name: string;
    readonly value: number;
    /** Share of the model's gain, in [0, 1]; 0 where it is not known. */
    readonly importance: number;
  }[];
  /** What each member said; empty for an abstention. */
  readonly members: readonly { readonly member: string; readonly probabilityUp: number }[];
  /** From probability to recommendation in order; empty for an abstention. */
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

/** An answer before it is told: with the model that gave it, whatever the directory has by now. */
export interface Answer {
  readonly prediction: Prediction;
  readonly model: PredictionModel | undefined;
  /** The inputs, shape [f]; absent where an abstention came before them. */
  readonly row?: Float32Array;
  /** When the features could have been known, UTC microseconds; 0 for features given by the caller. */
  readonly knownTimeUs: number;
}

/** Lays open how an answer came about. */
export function explainAnswer(answer: Answer, overlay: OverlaySettings): Explanation {
  const { prediction, model, row, knownTimeUs } = answer;
  const made = prediction.recommendation === 'abstain' ? undefined : prediction;
  return {
    prediction,
    features: (model?.featureNames ?? []).map((name, i) => ({
      name,
      value: row?.[i] ?? Number.NaN,
      importance: model?.importance[name] ?? 0,
    })),
    members: (made?.members ?? []).map((probabilityUp, i) => ({
      member: model?.memberNames[i] ?? '',
      probabilityUp,
    })),
    overlay: made === undefined ? [] : explainOverlay(overlay, made),
    lineage: {
      modelDigest: model?.digest ?? '',
      dataDigest: model?.dataDigest ?? '',
      codeVersion: model?.codeVersion ?? '',
      featureSet: model?.featureSet ?? '',
      featureOffset: prediction.featureOffset,
      featureTimeUs: prediction.featureTimeUs,
      knownTimeUs,
    },
  };
}
