import type { FeatureSetName } from './feature-vector.ts';

/** A feature for people: what it is called and what it says. */
export interface FeatureDefinition {
  readonly name: string;
  readonly set: FeatureSetName;
  /** One line; k is the look-back in bars. */
  readonly description: string;
}
