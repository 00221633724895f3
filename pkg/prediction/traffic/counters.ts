/** Upper bounds of the latency buckets, milliseconds; one more bucket takes what is slower. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  0.25, 0.5, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1000, 2500,
];
/** Equal bins over [0, 1] that probabilities are counted in. */
export const PROBABILITY_BINS = 20;

/** What became of predictions whose outcome is known, in sums. */
export interface OutcomeCounters {
  /** Outcomes outside the dead zone, and of these those that were right. */
  readonly matured: number;
  readonly hits: number;
  /** Sum of the squared distances between probability and outcome, and of their squares. */
  readonly brierSum: number;
  readonly brierSumSquares: number;
  /** Outcomes that the stable revision predicted too, and the sums of its Brier score less this one's and of the squares. */
  readonly pairs: number;
  readonly brierGainSum: number;
  readonly brierGainSumSquares: number;
  /** The same for hits: this one right and the stable one wrong, and the other way round. */
  readonly onlyThisRight: number;
  readonly onlyStableRight: number;
  /** Positions taken, and the sum of what each made after costs, basis points, and of the squares. */
  readonly trades: number;
  readonly pnlBpsSum: number;
  readonly pnlBpsSumSquares: number;
}

/** Everything that was counted of one revision since the process started: nothing ever goes down. */
export interface RevisionCounters {
  /** Runs of the model that were asked for, answered or failed. */
  readonly requests: number;
  readonly errors: number;
  /** Errors by code. */
  readonly errorCodes: Readonly<Record<string, number>>;
  /** Answers that the stable revision gave in its place since it failed. */
  readonly fallbacks: number;
  /** Copies that a shadow was not sent since too many were under way. */
  readonly dropped: number;
  /** Abstentions by reason. */
  readonly abstentions: Readonly<Record<string, number>>;
  /** Answers by latency: one bucket for each of {@link LATENCY_BOUNDS_MS} and one above; not cumulative. */
  readonly latency: readonly number[];
  readonly latencySumMs: number;
  /** Answers by probability: {@link PROBABILITY_BINS} equal bins. */
  readonly probability: readonly number[];
  readonly outcomes: OutcomeCounters;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly number[] ? number[] : T[K] };

/** Counts what one revision does. Changed in place: it is on the way of every prediction. */
export class RevisionCounter {
  readonly #counts: Mutable<Omit<RevisionCounters, 'outcomes' | 'errorCodes' | 'abstentions'>> = {
    ...{ requests: 0, errors: 0, fallbacks: 0, dropped: 0, latencySumMs: 0 },
    latency: Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0),
    probability: Array.from({ length: PROBABILITY_BINS }, () => 0),
  };
  readonly #errorCodes: Record<string, number> = {};
  readonly #abstentions: Record<string, number> = {};
  readonly #outcomes: Mutable<OutcomeCounters> = {
    ...{ matured: 0, hits: 0, brierSum: 0, brierSumSquares: 0 },
    ...{ pairs: 0, brierGainSum: 0, brierGainSumSquares: 0, onlyThisRight: 0, onlyStableRight: 0 },
    ...{ trades: 0, pnlBpsSum: 0, pnlBpsSumSquares: 0 },
  };

  /** @param probabilityUp - What it said, in [0, 1]. */
  answered(probabilityUp: number, latencyMs: number): void {
    const counts = this.#counts;
    counts.requests += 1;
    counts.latencySumMs += latencyMs;
    counts.latency[bucketOf(latencyMs)]! += 1;
    counts.probability[Math.min(PROBABILITY_BINS - 1, Math.floor(probabilityUp * PROBABILITY_BINS))]! += 1;
  }

  failed(code: string): void {
    this.#counts.requests += 1;
    this.#counts.errors += 1;
    this.#errorCodes[code] = (this.#errorCodes[code] ?? 0) + 1;
  }

  fellBack(): void {
    this.#counts.fallbacks += 1;
  }

  dropped(): void {
    this.#counts.dropped += 1;
  }

  abstained(reason: string): void {
    this.#abstentions[reason] = (this.#abstentions[reason] ?? 0) + 1;
  }

  /** @param brier - Squared distance of what it said from the outcome. */
  matured(brier: number, isRight: boolean): void {
    const outcomes = this.#outcomes;
    outcomes.matured += 1;
    if (isRight) outcomes.hits += 1;
    outcomes.brierSum += brier;
    outcomes.brierSumSquares += brier * brier;
  }

  /** @param brierGain - Of the same outcome: the stable revision's Brier score less this one's. */
  paired(brierGain: number, isRight: boolean, isStableRight: boolean): void {
    const outcomes = this.#outcomes;
    outcomes.pairs += 1;
    outcomes.brierGainSum += brierGain;
    outcomes.brierGainSumSquares += brierGain * brierGain;
    if (isRight && !isStableRight) outcomes.onlyThisRight += 1;
    if (isStableRight && !isRight) outcomes.onlyStableRight += 1;
  }

  /** @param pnlBps - What the position made after costs, basis points of its price. */
  traded(pnlBps: number): void {
    const outcomes = this.#outcomes;
    outcomes.trades += 1;
    outcomes.pnlBpsSum += pnlBps;
    outcomes.pnlBpsSumSquares += pnlBps * pnlBps;
  }

  /** A copy of what has been counted. */
  read(): RevisionCounters {
    return {
      ...this.#counts,
      latency: [...this.#counts.latency],
      probability: [...this.#counts.probability],
      errorCodes: { ...this.#errorCodes },
      abstentions: { ...this.#abstentions },
      outcomes: { ...this.#outcomes },
    };
  }
}

function bucketOf(latencyMs: number): number {
  const found = LATENCY_BOUNDS_MS.findIndex((bound) => latencyMs <= bound);
  return found === -1 ? LATENCY_BOUNDS_MS.length : found;
}
