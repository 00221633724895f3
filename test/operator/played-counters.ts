import { type GatewayCounters, RevisionCounter } from '../../pkg/prediction/traffic/counters.ts';

/** How a revision does, each time that its gateway is asked: so many requests, all alike. */
export interface Quality {
  readonly requests: number;
  /** Share of requests that fail. */
  readonly errors?: number;
  readonly latencyMs?: number;
  readonly probability?: number;
  /** Of each matured outcome, less that of stable. */
  readonly brierExcess?: number;
  /** Share of requests that are abstained from. */
  readonly abstentions?: number;
  /** Share of matured outcomes that it was right about; all unless given. */
  readonly hits?: number;
  /** Profit of each matured prediction, fraction of the notional. */
  readonly profit?: number;
  /** Its input lies in the first tenth of the training data; in all of them alike unless given. */
  readonly hasDrifted?: boolean;
}

const GOOD: Quality = { requests: 200 };
/** Bounds of the tenths of numbers from 0 to 9. */
const TENTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** Counters of a gateway that a test plays, so that it says in seconds what takes hours. */
export class PlayedCounters {
  readonly #qualities = new Map<string, Quality>();
  readonly #counters = new Map<string, RevisionCounter>();

  /** How a revision does from now on. */
  play(revision: string, quality: Quality): void {
    this.#qualities.set(revision, quality);
  }

  /** What is counted by now. @param isAsked - Whether the revision has a part in the traffic. */
  read(revision: string, isAsked: boolean): GatewayCounters {
    const counter = this.#counters.get(revision) ?? new RevisionCounter();
    this.#counters.set(revision, counter);
    const {
      requests,
      errors = 0,
      latencyMs = 4,
      probability = 0.5,
      brierExcess,
      abstentions = 0,
      hits = 1,
      profit,
      hasDrifted = false,
    } = this.#qualities.get(revision) ?? GOOD;
    for (let i = 0; isAsked && i < requests; i += 1) {
      if (i < errors * requests) counter.failed('ModelOutputInvalid');
      else if (i < abstentions * requests) counter.abstained('FeaturesStale');
      else counter.answered(probability, latencyMs);
      counter.asked(Float32Array.of(hasDrifted ? -1 : i % 10), ['input'], { input: TENTHS });
      counter.matured(0.2 + (brierExcess ?? 0), i < hits * requests);
      if (profit !== undefined) counter.traded(profit + (i % 2 === 0 ? 1e-5 : -1e-5));
      if (brierExcess !== undefined) counter.paired(brierExcess + (i % 2 === 0 ? 0.01 : -0.01));
    }
    return counter.read();
  }
}
