import type { FeatureVector } from '../../features/feature-vector.ts';
import { type DatasetRow, rowOfVector } from '../../ml/dataset.ts';
import { LabelStream, type LabelStreamState } from '../../ml/label-stream.ts';
import { labelPriceOf, type LabelSettings } from '../../ml/labels.ts';
import type { Prediction } from '../prediction.ts';
import { type ScoreVerdict, scoreVerdict } from './score-verdict.ts';
import {
  emptyTally,
  type Outcome,
  type Score,
  scoreOf,
  settle,
  type Settlement,
  type Tally,
} from './tally.ts';

/** Models remembered; the one that predicted longest ago is forgotten first. */
const MAX_MODELS = 16;
/** Predictions of a symbol that wait for their outcome at most, beside those within the horizon. */
const MAX_WAITING = 10_000;

/** How a model has done since it serves. */
export interface ModelScore extends Score {
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  readonly label: LabelSettings;
  /** Predictions whose outcome is still to come. */
  readonly waiting: number;
  readonly verdict: ScoreVerdict;
}

/** A prediction that waits: number of its price in the symbol's stream, time and mid price of its bar, and what it said. */
type Waiting = readonly [row: number, timeUs: number, mid: number, probabilityUp: number];

interface Track {
  readonly labels: LabelStream;
  /** Oldest first. */
  readonly waiting: Waiting[];
}

interface Entry {
  readonly model: string;
  readonly version: string;
  readonly label: LabelSettings;
  readonly tally: Tally;
  /** By symbol. */
  readonly tracks: Map<string, Track>;
}

/** What a scorecard keeps over a restart: plain data. */
export type ScorecardState = ReadonlyMap<
  string,
  Omit<Entry, 'tracks'> & {
    readonly tracks: ReadonlyMap<
      string,
      { readonly labels: LabelStreamState; readonly waiting: readonly Waiting[] }
    >;
  }
>;

export interface ScorecardOptions {
  /** What the model of a digest predicts; `undefined` where that is not known, and it is not scored. */
  readonly labelOf: (digest: string) => LabelSettings | undefined;
  /** Told of every outcome as it becomes known. */
  readonly onOutcome?: (model: string, outcome: Outcome) => void;
}

/**
 * Holds predictions against what came: each is settled by the label of its own model, once the prices that decide it are there.
 * Pure: it hears every vector with the prediction or abstention made for it, in the order of each symbol, and nothing else.
 */
export class Scorecard {
  readonly #options: ScorecardOptions;
  /** By digest, the one that predicted last at the end. */
  readonly #entries: Map<string, Entry>;
  #newest: Entry | undefined;
  #nowUs = Number.NEGATIVE_INFINITY;

  constructor(options: ScorecardOptions, state: ScorecardState = new Map()) {
    this.#options = options;
    this.#entries = new Map(
      [...state].map(([digest, { tracks, tally, ...entry }]) => {
        const restored = [...tracks].map(([symbol, { labels, waiting }]): [string, Track] => [
          symbol,
          { labels: new LabelStream(entry.label, labels), waiting: [...waiting] },
        ]);
        return [digest, { ...entry, tally: structuredClone(tally), tracks: new Map(restored) }];
      }),
    );
  }

  onPrediction(prediction: Prediction, _latencyMs: number, vector: FeatureVector): void {
    const { symbol } = vector;
    const bar = rowOfVector(vector);
    const current = this.#entryOf(prediction);
    if (current !== undefined && !current.tracks.has(symbol))
      current.tracks.set(symbol, { labels: new LabelStream(current.label), waiting: [] });
    this.#nowUs = Math.max(this.#nowUs, bar.timeUs);
    for (const entry of this.#entries.values()) {
      const track = entry.tracks.get(symbol);
      if (track === undefined) continue;
      const price = labelPriceOf(entry.label.kind, bar);
      this.#settle(entry, track, price, bar);
      // A model that was replaced still has its outcomes to come, and then nothing.
      if (entry !== current && track.waiting.length === 0) entry.tracks.delete(symbol);
      if (entry !== current || prediction.recommendation === 'abstain') continue;
      const { probabilityUp } = prediction;
      if (Number.isNaN(price)) this.#finish(entry, { ...NO_LABEL, probabilityUp });
      else this.#wait(entry, track, [track.labels.pushed - 1, bar.timeUs, bar.mid, probabilityUp]);
    }
  }

  /** The model that predicted last comes first. */
  scores(): readonly ModelScore[] {
    return [...this.#entries]
      .map(([digest, { model, version, label, tally, tracks }]) => {
        const score = scoreOf(tally);
        const waiting = [...tracks.values()].reduce((sum, track) => sum + track.waiting.length, 0);
        return { model, version, digest, label, waiting, ...score, verdict: scoreVerdict(score) };
      })
      .reverse();
  }

  /** A copy; a scorecard made of it goes on as this one would. */
  state(): ScorecardState {
    return new Map(
      [...this.#entries].map(([digest, { tracks, tally, ...entry }]) => {
        const kept = [...tracks].map(
          ([symbol, { labels, waiting }]) =>
            [symbol, { labels: labels.state(), waiting: [...waiting] }] as const,
        );
        return [digest, { ...entry, tally: structuredClone(tally), tracks: new Map(kept) }];
      }),
    );
  }

  #entryOf({ model, version, modelDigest }: Prediction): Entry | undefined {
    const known = this.#entries.get(modelDigest);
    if (known !== undefined && this.#newest === known) return known;
    const label = known?.label ?? (modelDigest === '' ? undefined : this.#options.labelOf(modelDigest));
    if (label === undefined) return undefined;
    const entry = known ?? { model, version, label, tally: emptyTally(), tracks: new Map() };
    this.#entries.delete(modelDigest);
    this.#entries.set(modelDigest, entry);
    this.#newest = entry;
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_MODELS) this.#entries.delete(oldest!);
    return entry;
  }

  #wait({ label, tally }: Entry, { waiting }: Track, prediction: Waiting): void {
    waiting.push(prediction);
    if (waiting.length <= label.horizonBars + MAX_WAITING) return;
    // A price that never moves again must not fill the memory.
    waiting.shift();
    tally.unlabelled += 1;
  }

  #settle(entry: Entry, { labels, waiting }: Track, price: number, { timeUs, mid }: DatasetRow): void {
    const known = labels.push(price);
    if (known === undefined) return;
    const { direction } = known;
    const stillWaits = waiting.findIndex(([row]) => row >= known.to);
    const settled = waiting.splice(0, stillWaits === -1 ? waiting.length : stillWaits);
    for (const [, madeUs, madeMid, probabilityUp] of settled) {
      const midChange = entry.label.kind === 'next-return' ? mid - madeMid : Number.NaN;
      this.#finish(entry, { probabilityUp, direction, midChange, spanUs: timeUs - madeUs });
    }
  }

  #finish({ model, tally }: Entry, settlement: Omit<Settlement, 'nowUs'>): void {
    const outcome = settle(tally, { ...settlement, nowUs: this.#nowUs });
    this.#options.onOutcome?.(model, outcome);
  }
}

const NO_LABEL = { direction: undefined, midChange: Number.NaN, spanUs: 0 };
