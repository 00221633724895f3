import { type Deciles, tenthOf } from '../../ml/deciles.ts';
import type { RevisionCounters } from '../../rollout/analysis/counters.ts';

/** Upper bounds of the latency buckets, milliseconds; one more bucket takes what is slower. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  0.25, 0.5, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1000, 2500,
];
/** Equal bins over [0, 1] that probabilities are counted in. */
const PROBABILITY_BINS = 20;

/** What a gateway counts of one revision: what the analysis reads, and what people want to know beside. Nothing ever goes down. */
export interface GatewayCounters extends RevisionCounters {
  /** Errors by code. */
  readonly errorCodes: Readonly<Record<string, number>>;
  /** Answers that the stable revision gave in its place since it failed. */
  readonly fallbacks: number;
  /** Copies that a shadow was not sent since too many were under way. */
  readonly dropped: number;
  /** Sum of the latencies of its answers, milliseconds. */
  readonly latencySumMs: number;
}

/** Sums from which mean and variance follow, changed in place. */
interface Sums {
  n: number;
  sum: number;
  sumSquares: number;
}

const noSums = (): Sums => ({ n: 0, sum: 0, sumSquares: 0 });

function add(sums: Sums, value: number): void {
  sums.n += 1;
  sums.sum += value;
  sums.sumSquares += value * value;
}

/** Counts what one revision does. Changed in place: it is on the way of every prediction. */
export class RevisionCounter {
  #requests = 0;
  #errors = 0;
  #fallbacks = 0;
  #dropped = 0;
  #latencySumMs = 0;
  #hits = 0;
  readonly #errorCodes: Record<string, number> = {};
  readonly #abstentions: Record<string, number> = {};
  readonly #latency = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);
  readonly #probability = Array.from({ length: PROBABILITY_BINS }, () => 0);
  readonly #brier = noSums();
  readonly #pairedBrier = noSums();
  readonly #pnl = noSums();
  /** Counts of tenths, by feature. */
  readonly #features: Record<string, number[]> = {};

  /** @param probabilityUp - What it said, in [0, 1]. */
  answered(probabilityUp: number, latencyMs: number): void {
    this.#requests += 1;
    this.#latency[bucketOf(latencyMs)]! += 1;
    this.#latencySumMs += latencyMs;
    this.#probability[Math.min(PROBABILITY_BINS - 1, Math.floor(probabilityUp * PROBABILITY_BINS))]! += 1;
  }

  /** @param row - Inputs of one run, in the order of `names`. @param deciles - Of the training data, by name. */
  asked(row: Float32Array, names: readonly string[], deciles: Readonly<Record<string, Deciles>>): void {
    for (let i = 0; i < names.length; i += 1) {
      const name = names[i]!;
      const bounds = deciles[name];
      if (bounds === undefined || Number.isNaN(row[i])) continue;
      const counts = (this.#features[name] ??= Array.from({ length: bounds.length + 1 }, () => 0));
      counts[tenthOf(row[i]!, bounds)]! += 1;
    }
  }

  failed(code: string): void {
    this.#requests += 1;
    this.#errors += 1;
    this.#errorCodes[code] = (this.#errorCodes[code] ?? 0) + 1;
  }

  /** It abstained without being run, since its inputs were not to be had. */
  abstained(reason: string): void {
    this.#requests += 1;
    this.#abstentions[reason] = (this.#abstentions[reason] ?? 0) + 1;
  }

  fellBack(): void {
    this.#fallbacks += 1;
  }

  dropped(): void {
    this.#dropped += 1;
  }

  /** @param brier - Squared distance of what it said from the outcome. */
  matured(brier: number, isRight: boolean): void {
    add(this.#brier, brier);
    if (isRight) this.#hits += 1;
  }

  /** @param excess - Of the same outcome: its Brier score less that of the stable revision. */
  paired(excess: number): void {
    add(this.#pairedBrier, excess);
  }

  /** @param profit - What the position made after costs, fraction of its notional. */
  traded(profit: number): void {
    add(this.#pnl, profit);
  }

  /** A copy of what has been counted. */
  read(): GatewayCounters {
    const { n: matured, sum: brierSum, sumSquares: brierSumSquares } = this.#brier;
    return {
      ...{ requests: this.#requests, errors: this.#errors, errorCodes: { ...this.#errorCodes } },
      ...{ fallbacks: this.#fallbacks, dropped: this.#dropped, abstentions: { ...this.#abstentions } },
      latency: { bounds: LATENCY_BOUNDS_MS, counts: [...this.#latency] },
      latencySumMs: this.#latencySumMs,
      probability: [...this.#probability],
      features: structuredClone(this.#features),
      outcomes: {
        ...{ matured, hits: this.#hits, brierSum, brierSumSquares },
        pairedBrier: { ...this.#pairedBrier },
      },
      shadowPnl: { ...this.#pnl },
    };
  }
}

function bucketOf(latencyMs: number): number {
  const found = LATENCY_BOUNDS_MS.findIndex((bound) => latencyMs <= bound);
  return found === -1 ? LATENCY_BOUNDS_MS.length : found;
}
