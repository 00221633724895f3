/**
 * What the console page is told, as JSON: types alone, shared by the server and the page. Times are UTC milliseconds;
 * what is not known is null.
 */

/** Close of one bar with the best quote at that moment; prices in quote currency. */
export interface PricePoint {
  readonly timeMs: number;
  readonly close: number;
  readonly bid: number | null;
  readonly ask: number | null;
}

/** One published prediction or abstention, at the time for which its features hold. */
export interface PredictionPoint {
  readonly timeMs: number;
  readonly recommendation: 'buy' | 'hold' | 'sell' | 'abstain';
  /** Why there is no prediction: a reason of the prediction service, or `WarmUp`; null where there is one. */
  readonly reason: string | null;
  /** In [0, 1]; null for an abstention. */
  readonly probabilityUp: number | null;
  /** Each member's own probability, in the model's order; empty for an abstention. */
  readonly members: readonly number[];
  readonly disagreement: number | null;
  readonly riskScore: number | null;
}

/** Newest features of a symbol. */
export interface VectorFrame {
  readonly timeMs: number;
  readonly featureSet: string;
  /** In the order of `ConsoleAbout.features`; null means not ready. */
  readonly values: readonly (number | null)[];
}

/** News of one symbol since the last frame, or all that is kept of it in a snapshot. */
export interface SymbolFrame {
  readonly symbol: string;
  /** Time of the newest event, by the venue's clock. */
  readonly timeMs: number;
  readonly bid: number | null;
  readonly bidSize: number | null;
  readonly ask: number | null;
  readonly askSize: number | null;
  /** Price of the last trade or bar. */
  readonly last: number | null;
  /** Number of the first of `points` since the start: shows what was missed or sent twice. */
  readonly firstPoint: number;
  readonly points: readonly PricePoint[];
  readonly firstPrediction: number;
  readonly predictions: readonly PredictionPoint[];
  /** Absent when it has not changed. */
  readonly vector?: VectorFrame;
}

/** Latencies of one stage over the last minute. */
export interface LatencyFrame {
  readonly objectiveMs: number;
  /** Upper bound of each bin but the last, which is open; length n - 1. */
  readonly boundsMs: readonly number[];
  /** Length n. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** How the predictions of one model did, once it was known what came; null where there is nothing to make a figure of. */
export interface ScoreFrame {
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  readonly label: {
    readonly kind: 'next-return' | 'next-mid-move' | 'triple-barrier';
    readonly horizonBars: number;
    readonly costBps: number;
  };
  /** Outcomes that were right or wrong. */
  readonly settled: number;
  readonly right: number;
  /** Outcomes within the costs, predictions that have none, and those that wait for theirs. */
  readonly deadZone: number;
  readonly unlabelled: number;
  readonly waiting: number;
  readonly accuracy: number | null;
  readonly baseRate: number | null;
  readonly logLoss: number | null;
  readonly baseLogLoss: number | null;
  readonly brier: number | null;
  readonly baseBrier: number | null;
  /** Share right of where the mid price went, which does not bounce between bid and ask. */
  readonly midAccuracy: number | null;
  /** Of the accuracy, 95 %. */
  readonly interval: readonly [low: number, high: number] | null;
  readonly verdict: {
    readonly standing: 'none' | 'few' | 'better' | 'suspect' | 'worse' | 'undecided';
    readonly text: string;
  };
}

/** Totals by name. */
export type Counts = Readonly<Record<string, number>>;

/** Where the first model is while none serves. */
export interface ModelStatus {
  readonly isTraining: boolean;
  /** How far training is, or why there is no model; may be empty. */
  readonly text: string;
}

/** One message: a snapshot has every symbol whole, a delta what changed since the message before it. */
export interface Frame {
  /** The platform's clock. */
  readonly timeMs: number;
  /** Largest event time seen: the time of the market; null before the first event. */
  readonly marketTimeMs: number | null;
  /** How long no event has come, milliseconds. */
  readonly quietMs: number;
  readonly symbols: readonly SymbolFrame[];
  /** Symbols seen beyond those that the console keeps. */
  readonly hiddenSymbols: number;
  readonly events: Counts;
  /** Mean over the last seconds, by kind. */
  readonly eventsPerSecond: Counts;
  /** All kinds together, one figure a second, oldest first. */
  readonly rateHistory: readonly number[];
  readonly quarantined: Counts;
  readonly recommendations: Counts;
  readonly abstentions: Counts;
  readonly latency: { readonly features: LatencyFrame; readonly prediction: LatencyFrame };
  /** By model, the one that predicted last first. */
  readonly scores: readonly ScoreFrame[];
  /** A key of each model that serves, of digest and traffic: a change says that `/console/models` has news. */
  readonly models: readonly string[];
  readonly modelStatus: ModelStatus;
}

/** What does not change while the process runs: `GET /console/about`. */
export interface ConsoleAbout {
  readonly version: string;
  /** One line about where the data comes from. */
  readonly source: string;
  /** Names of the features in order. */
  readonly features: readonly { readonly name: string; readonly set: string; readonly description: string }[];
  /** Above it the recommendation is to buy; above the next to hold; else to sell. */
  readonly buyAbove: number;
  readonly holdAbove: number;
}

/** A model that serves, as people judge it: an entry of `GET /console/models`. */
export interface ModelCard {
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of its manifest. */
  readonly digest: string;
  /** Where it is a revision that is rolled out: its name, and percent of the symbols that it answers; else null. */
  readonly rollout: {
    readonly revision: string;
    readonly weight: number;
    /** It gets copies, and answers nobody. */
    readonly isShadow: boolean;
  } | null;
  readonly featureSet: string;
  readonly features: number;
  readonly members: readonly string[];
  /** Training window. */
  readonly trainedFromMs: number;
  readonly trainedToMs: number;
  readonly dataDigest: string;
  readonly codeVersion: string;
  /** What its report comes to; null where it has no report. */
  readonly verdict: { readonly hasSkill: boolean; readonly text: string } | null;
  /** Its accuracy is such that a leak is likelier than a find: no verdict makes it good. */
  readonly isTooGood: boolean;
  /** What must be known before believing the verdict, each one sentence; null where the artifact does not say. */
  readonly warnings: readonly string[] | null;
  /** Out of sample, by name. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Largest shares of the gain, largest first. */
  readonly importance: readonly { readonly feature: string; readonly share: number }[];
}
