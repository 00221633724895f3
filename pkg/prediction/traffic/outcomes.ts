import { rowOfVector } from '../../ml/dataset.ts';
import type { FeatureVector } from '../../features/feature-vector.ts';
import { LabelStream } from '../../ml/label-stream.ts';
import { type LabelSettings, labelPriceOf } from '../../ml/labels.ts';
import type { MadePrediction } from '../prediction.ts';
import type { RevisionCounter } from './counters.ts';

/** Bars of a symbol that are remembered for outcomes at most: a price that never moves again must not fill the memory. */
const MAX_WAITING = 10_000;

/** What one revision said to one bar. */
interface Said {
  readonly counter: RevisionCounter;
  readonly probabilityUp: number;
  /** 1 long, -1 short, 0 none. */
  readonly position: number;
  readonly isStable: boolean;
}

/** One bar of a symbol, as one label sees it. */
interface Row {
  readonly number: number;
  readonly timeUs: number;
  readonly price: number;
  readonly said: Map<string, Said>;
}

interface Track {
  readonly labels: LabelStream;
  /** Oldest first, without a hole. */
  readonly rows: Row[];
}

/** A revision as outcomes know it. */
export interface ScoredRevision {
  readonly revision: string;
  readonly label: LabelSettings;
  readonly counter: RevisionCounter;
  readonly isStable: boolean;
}

/**
 * Holds what the revisions of one model say against what came, each by its own label, and pairs what two of them said to the same
 * bar: two revisions on the same market differ by far less than the market does from one hour to the next.
 *
 * Pure; hears every vector of a symbol in order, and after it what was said to it.
 */
export class RevisionOutcomes {
  /** By symbol and label. */
  readonly #tracks = new Map<string, Map<string, Track>>();

  /** The next bar of a symbol: what waited for its price becomes known. @param revisions - All that may predict from it. */
  onVector(vector: FeatureVector, revisions: readonly ScoredRevision[]): void {
    const bar = rowOfVector(vector);
    this.#dropUnused(vector.symbol, revisions);
    for (const { label } of revisions) {
      const track = this.#track(vector.symbol, label);
      if (track.rows.at(-1)?.timeUs === bar.timeUs) continue;
      const price = labelPriceOf(label.kind, bar);
      const known = track.labels.push(price);
      track.rows.push({ number: track.labels.pushed - 1, timeUs: bar.timeUs, price, said: new Map() });
      if (known === undefined) continue;
      const exit = track.rows.find(({ number }) => number === known.at)?.price ?? price;
      while (track.rows[0] !== undefined && track.rows[0].number < known.to) {
        const row = track.rows.shift()!;
        if (known.direction !== undefined) settle(row, known.direction, exit, label.costBps);
      }
    }
  }

  /** What a revision said to the bar of a symbol at a time; too late once its outcome is known. */
  onPrediction(scored: ScoredRevision, { symbol, featureTimeUs, ...said }: MadePrediction): void {
    const { revision, label, counter, isStable } = scored;
    const row = this.#track(symbol, label).rows.findLast(({ timeUs }) => timeUs <= featureTimeUs);
    if (row?.timeUs !== featureTimeUs) return;
    const position = { buy: 1, hold: 0, sell: -1 }[said.recommendation];
    row.said.set(revision, { counter, probabilityUp: said.probabilityUp, position, isStable });
  }

  /** A label that no revision has any more would go on over a gap if it came back. */
  #dropUnused(symbol: string, revisions: readonly ScoredRevision[]): void {
    const tracks = this.#tracks.get(symbol);
    if (tracks === undefined) return;
    const used = new Set(revisions.map(({ label }) => keyOf(label)));
    for (const key of tracks.keys()) if (!used.has(key)) tracks.delete(key);
  }

  #track(symbol: string, label: LabelSettings): Track {
    const tracks = this.#tracks.get(symbol) ?? new Map<string, Track>();
    this.#tracks.set(symbol, tracks);
    const key = keyOf(label);
    let track = tracks.get(key);
    if (track === undefined) {
      track = { labels: new LabelStream(label), rows: [] };
      tracks.set(key, track);
    }
    if (track.rows.length > label.horizonBars + MAX_WAITING) track.rows.shift();
    return track;
  }
}

const keyOf = (label: LabelSettings): string => JSON.stringify(label);

function settle({ said, price }: Row, direction: 1 | 0 | -1, exit: number, costBps: number): void {
  const stable = [...said.values()].find(({ isStable }) => isStable);
  for (const each of said.values()) {
    const { counter, probabilityUp, position } = each;
    if (position !== 0) counter.traded((exit / price - 1) * position - costBps / 1e4);
    if (direction < 0) continue;
    const brier = (probabilityUp - direction) ** 2;
    const isRight = probabilityUp > 0.5 === (direction === 1);
    counter.matured(brier, isRight);
    if (stable === undefined || stable === each) continue;
    counter.paired(brier - (stable.probabilityUp - direction) ** 2);
  }
}
