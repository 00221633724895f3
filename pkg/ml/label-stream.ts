import type { LabelSettings } from './labels.ts';

/** Labels that have become known: those of the prices numbered `from` up to, but not with, `to`. */
export interface KnownLabels {
  readonly from: number;
  readonly to: number;
  /** Number of the price that decided. */
  readonly at: number;
  /** 1 up, 0 down, -1 inside the dead zone; `undefined` where a price is missing or the barriers have no width. */
  readonly direction: 1 | 0 | -1 | undefined;
}

/** What a stream keeps: plain data, so that it may be written down. Rings are indexed by number modulo their length. */
export interface LabelStreamState {
  /** Prices pushed: also the number of the next one. */
  readonly pushed: number;
  /** Ring of the last `horizonBars` + 1 prices, and for the triple barrier of the deviations known at them. */
  readonly prices: readonly number[];
  readonly sigmas: readonly number[];
  /** Ring of the last `sigmaBars` one-bar returns. */
  readonly returns: readonly number[];
  /** For the next move: first row that waits, and the price it waits to change. */
  readonly waitingFrom: number;
  readonly waitingAt: number;
}

/**
 * The labels of one symbol, as its prices come: the one definition of what happened, for training and for holding live
 * predictions against their outcomes. What each kind means is said at `makeLabels`.
 *
 * Work per price is O(1), for the triple barrier O(`horizonBars` + `sigmaBars`); memory likewise, however long nothing happens.
 */
export class LabelStream {
  readonly #settings: LabelSettings;
  readonly #window: number;
  readonly #prices: number[];
  readonly #sigmas: number[];
  readonly #returns: number[];
  #pushed: number;
  #waitingFrom: number;
  #waitingAt: number;

  constructor(settings: LabelSettings, state?: LabelStreamState) {
    this.#settings = settings;
    this.#window = settings.horizonBars + 1;
    this.#prices = [...(state?.prices ?? [])];
    this.#sigmas = [...(state?.sigmas ?? [])];
    this.#returns = [...(state?.returns ?? [])];
    this.#pushed = state?.pushed ?? 0;
    this.#waitingFrom = state?.waitingFrom ?? 0;
    this.#waitingAt = state?.waitingAt ?? Number.NaN;
  }

  /** Prices pushed so far. */
  get pushed(): number {
    return this.#pushed;
  }

  state(): LabelStreamState {
    return {
      pushed: this.#pushed,
      prices: [...this.#prices],
      sigmas: [...this.#sigmas],
      returns: [...this.#returns],
      waitingFrom: this.#waitingFrom,
      waitingAt: this.#waitingAt,
    };
  }

  /** @param price - Of the next bar; NaN is a bar without one, which has no label (`next-mid-move` alone). */
  push(price: number): KnownLabels | undefined {
    const row = this.#pushed;
    this.#pushed += 1;
    if (this.#settings.kind === 'next-mid-move') return this.#nextMove(row, price);
    const isBarrier = this.#settings.kind === 'triple-barrier';
    if (isBarrier) this.#sigmas[row % this.#window] = this.#nextSigma(row, price);
    this.#prices[row % this.#window] = price;
    const start = row - this.#settings.horizonBars;
    if (start < 0) return undefined;
    return isBarrier ? this.#firstTouch(start, row) : this.#returnOver(start, row);
  }

  #price(row: number): number {
    return this.#prices[row % this.#window]!;
  }

  #returnOver(start: number, row: number): KnownLabels {
    const direction = signOf(this.#price(row) / this.#price(start) - 1, this.#settings.costBps);
    return { from: start, to: start + 1, at: row, direction };
  }

  /** A bar without a quote says nothing about the mid: it is skipped, not taken for a change. */
  #nextMove(row: number, price: number): KnownLabels | undefined {
    if (Number.isNaN(price) || price === this.#waitingAt) return undefined;
    const [from, before] = [this.#waitingFrom, this.#waitingAt];
    this.#waitingFrom = row;
    this.#waitingAt = price;
    return Number.isNaN(before) ? undefined : { from, to: row, at: row, direction: price > before ? 1 : 0 };
  }

  /**
   * Only once the window is full, though a barrier was touched before: else of the newest rows just those that happened to
   * touch one would have a label, a biased sample.
   */
  #firstTouch(start: number, row: number): KnownLabels {
    const { horizonBars, costBps, upSigmas, downSigmas } = this.#settings;
    const known = { from: start, to: start + 1 };
    const sigma = this.#sigmas[start % this.#window]!;
    if (!(sigma > 0)) return { ...known, at: row, direction: undefined };
    const width = sigma * Math.sqrt(horizonBars);
    for (let at = start + 1; at <= row; at += 1) {
      const change = this.#price(at) / this.#price(start) - 1;
      if (change >= upSigmas * width) return { ...known, at, direction: 1 };
      if (change <= -downSigmas * width) return { ...known, at, direction: 0 };
    }
    return { ...known, at: row, direction: signOf(this.#price(row) / this.#price(start) - 1, costBps) };
  }

  /** Population standard deviation of the last one-bar returns, NaN before there are enough; two-pass. */
  #nextSigma(row: number, price: number): number {
    const { sigmaBars } = this.#settings;
    if (row > 0) this.#returns[row % sigmaBars] = price / this.#price(row - 1) - 1;
    if (row < sigmaBars) return Number.NaN;
    let mean = 0;
    for (let k = row - sigmaBars + 1; k <= row; k += 1) mean += this.#returns[k % sigmaBars]! / sigmaBars;
    let sum = 0;
    for (let k = row - sigmaBars + 1; k <= row; k += 1) sum += (this.#returns[k % sigmaBars]! - mean) ** 2;
    return Math.sqrt(sum / sigmaBars);
  }
}

function signOf(change: number, costBps: number): KnownLabels['direction'] {
  if (Number.isNaN(change)) return undefined;
  if (Math.abs(change) <= costBps / 1e4) return -1;
  return change > 0 ? 1 : 0;
}
