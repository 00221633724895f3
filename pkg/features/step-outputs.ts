import type { MarketEvent } from '../marketdata/events.ts';
import type { BarClock, FeatureSetName, FeatureVector } from './feature-vector.ts';

/** What came of one event. */
export interface StepOutputs {
  readonly vectors: readonly FeatureVector[];
  readonly rejected: readonly { readonly event: MarketEvent; readonly reason: 'Late' | 'Duplicate' }[];
}

/** The answer to most events: shared, so that a tick that closes nothing allocates nothing. */
export const NOTHING: StepOutputs = { vectors: [], rejected: [] };

/** Settings of an engine with every default filled in. */
export interface ResolvedSettings {
  readonly sets: readonly FeatureSetName[];
  readonly bar: BarClock;
  readonly lookbacks: readonly number[];
  readonly allowedLatenessUs: number;
  readonly featureSet: string;
  readonly featureCount: number;
}
