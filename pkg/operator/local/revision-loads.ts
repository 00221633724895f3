import type { PredictionModel } from '../../prediction/model-directory.ts';
import type { RevisionSource } from '../../tradingmodel/revision.ts';
import type { PodModelState } from '../model-states.ts';

/** A revision that is to be loaded. */
export interface WantedRevision {
  readonly name: string;
  readonly source: RevisionSource;
}

/** Loads revisions into this process and lets go of them: what pods are in a cluster. */
export interface RevisionLoads {
  /** From now on exactly these are to be loaded; what fails is tried again by itself. */
  want(revisions: readonly WantedRevision[]): void;
  /** How far a revision is; `undefined` where it is not wanted. */
  stateOf(revision: string): PodModelState | undefined;
  /** What runs it; `undefined` while it is not warm. */
  runnerOf(revision: string): PredictionModel | undefined;
  /** Resolves once every first try of what is wanted now has ended. */
  settled(): Promise<void>;
}
