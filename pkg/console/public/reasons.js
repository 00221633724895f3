import { dateAndTime, words } from './format.js';

/** @import { ModelCard, PredictionPoint } from '../messages.ts' */

/** Why a model gives no answer, for people. @type {Readonly<Record<string, string>>} */
const REASONS = {
  FeaturesMissing: 'No features are stored for this symbol yet.',
  FeaturesStale: 'The newest features are too old to act on.',
  FeaturesUnavailable: 'The store of features gave no answer.',
  FeaturesNotReady: 'Features need more bars before the model can use them.',
  FeatureSetMismatch: 'The model was trained on other features than these.',
  ModelUnavailable: 'No model was there to ask.',
  InSample: 'The model has learnt from this time: an answer would flatter it.',
  WarmUp: 'The past of the stream, read at full speed: the first model learns from it.',
};

/** Names of reasons within a sentence, where the words of the code would not do. @type {Readonly<Record<string, string>>} */
const NAMES = { WarmUp: 'warm-up', InSample: 'in the training window' };

/** @param {string} reason */
export const reasonName = (reason) => NAMES[reason] ?? words(reason).toLowerCase();

/** An abstention that belongs to how models are made and judged; any other is a lack of something. @param {string | null} reason */
export const isByDesign = (reason) => reason === 'WarmUp' || reason === 'InSample';

/**
 * Why the newest prediction is none.
 *
 * @param {PredictionPoint | undefined} newest
 * @param {ModelCard | undefined} model - The one that serves.
 * @param {string} waiting - What to say where nothing was answered, or nobody was there to.
 */
export function whyNone(newest, model, waiting) {
  const reason = newest?.reason;
  if (typeof reason !== 'string' || model === undefined) return waiting;
  const until = reason === 'InSample' ? ` Predictions start after ${dateAndTime(model.trainedToMs)}.` : '';
  return `${REASONS[reason] ?? words(reason)}${until}`;
}
