import { mean, sum, type Window } from './rolling.ts';

/**
 * Mean and standard deviation of the newest values of one window, for several spans, in constant time for each value.
 *
 * Sums of x - anchor and of its square are kept up by what comes in and what falls out. That alone would lose digits: to
 * large values that have left, and to a mean far from the anchor. So the sums are taken anew, in two passes with the mean as
 * anchor, when either has cost more than a factor of 20, and at the latest after two spans. The result keeps 10 digits of
 * what two passes would give, in constant time on average.
 *
 * @see Chan, Golub, LeVeque (1983), The American Statistician 37(3), 242-247, for shifted data and the corrected two passes.
 */
export interface Moments {
  /** Shape [s]. */
  readonly spans: readonly number[];
  /** For each span the numbers named below, side by side; shape [s x STRIDE]. */
  readonly state: Float64Array;
}

/** Places in the state of a span. */
const ANCHOR = 0;
/** Sum of x - anchor. */
const SUM = 1;
/** Sum of (x - anchor)^2. */
const SQUARES = 2;
/** Largest SQUARES since the sums were taken anew. */
const PEAK = 3;
/** Values since then. */
const AGE = 4;
/** 1 / span: multiplying is several times faster than dividing. */
const INVERSE = 5;
const STRIDE = 6;

/** How much of its digits a sum may lose before it is taken anew. */
const LOSS = 20;
const KEPT = 1 - 1 / LOSS;

export function createMoments(spans: readonly number[]): Moments {
  const state = new Float64Array(spans.length * STRIDE);
  spans.forEach((span, i) => {
    state[i * STRIDE + INVERSE] = 1 / span;
  });
  return { spans, state };
}

/** Takes in the newest value of a window with room for one more than the longest span. */
export function stepMoments(moments: Moments, window: Window): void {
  const { spans, state } = moments;
  const { values, end, length } = window;
  const newest = values[end - 1]!;
  for (let i = 0, at = 0; i < spans.length; i += 1, at += STRIDE) {
    const span = spans[i]!;
    if (length < span) continue;
    const age = state[at + AGE]! + 1;
    if (length === span || age > 2 * span) {
      takeAnew(moments, i, window);
      continue;
    }
    state[at + AGE] = age;
    const anchor = state[at + ANCHOR]!;
    const removed = values[end - 1 - span]!;
    const change = newest - removed;
    const total = state[at + SUM]! + change;
    const square = state[at + SQUARES]! + change * (newest - anchor + (removed - anchor));
    state[at + SUM] = total;
    state[at + SQUARES] = square;
    const peak = state[at + PEAK]!;
    if (square > peak) state[at + PEAK] = square;
    if (LOSS * square < peak || total * total * state[at + INVERSE]! > KEPT * square)
      takeAnew(moments, i, window);
  }
}

function takeAnew({ spans, state }: Moments, i: number, window: Window): void {
  const span = spans[i]!;
  const { values, end } = window;
  const anchor = mean(window, span);
  let total = 0;
  let squares = 0;
  for (let from = end - span; from < end; from += 1) {
    const d = values[from]! - anchor;
    total += d;
    squares += d * d;
  }
  const at = i * STRIDE;
  state[at + ANCHOR] = anchor;
  state[at + SUM] = total;
  state[at + SQUARES] = squares;
  state[at + PEAK] = squares;
  state[at + AGE] = 0;
}

/** @param i - Index of the span. */
export function meanOf({ state }: Moments, i: number): number {
  const at = i * STRIDE;
  return state[at + ANCHOR]! + state[at + SUM]! * state[at + INVERSE]!;
}

/** Population standard deviation over the span at index `i`; 0 where all values are equal. */
export function deviationOf({ state }: Moments, i: number): number {
  const at = i * STRIDE;
  const total = state[at + SUM]!;
  const inverse = state[at + INVERSE]!;
  // The sum would be 0 in exact arithmetic right after it was taken: it corrects the rounding of the mean.
  const variance = (state[at + SQUARES]! - total * total * inverse) * inverse;
  return variance > 0 ? Math.sqrt(variance) : 0;
}

/** The deviations over all spans, from index `from` of `out`; NaN where the window does not hold a span yet. */
export function writeDeviations(moments: Moments, { length }: Window, out: Float64Array, from: number): void {
  const { spans } = moments;
  for (let i = 0; i < spans.length; i += 1)
    out[from + i] = length >= spans[i]! ? deviationOf(moments, i) : Number.NaN;
}

/** Sums of the newest values of one window, none below 0, in constant time on average; see {@link Moments} for how digits are kept. */
export interface RunningSums {
  /** Shape [s]; the arrays below have a number for each. */
  readonly spans: readonly number[];
  readonly total: Float64Array;
  readonly peak: Float64Array;
  readonly age: Float64Array;
}

export function createRunningSums(spans: readonly number[]): RunningSums {
  const numbers = (): Float64Array => new Float64Array(spans.length);
  return { spans, total: numbers(), peak: numbers(), age: numbers() };
}

/** Takes in the newest value of a window with room for one more than the longest span; fewer values are summed as they are. */
export function stepRunningSums(running: RunningSums, window: Window): void {
  const { spans, total: totals, peak, age } = running;
  const { values, end, length } = window;
  const newest = values[end - 1]!;
  for (let i = 0; i < spans.length; i += 1) {
    const span = spans[i]!;
    age[i]! += 1;
    const total = totals[i]! + newest - (length > span ? values[end - 1 - span]! : 0);
    totals[i] = total;
    if (total > peak[i]!) peak[i] = total;
    if (age[i]! <= 2 * span && LOSS * total >= peak[i]!) continue;
    const exact = sum(window, Math.min(span, length));
    totals[i] = exact;
    peak[i] = exact;
    age[i] = 0;
  }
}
