/**
 * The last n values in order, oldest first, in a plain array that is shifted: n is at most a few hundred and a bar closes far more
 * rarely than a tick comes, so moving 8 n bytes is cheaper than wrapping every read. `length` values are filled, at the end.
 */
export interface Window {
  readonly values: Float64Array;
  length: number;
}

export function createWindow(capacity: number): Window {
  return { values: new Float64Array(capacity), length: 0 };
}

/** Adds a value at the end; the oldest falls out of a full window. */
export function push(window: Window, value: number): void {
  const { values } = window;
  values.copyWithin(0, 1);
  values[values.length - 1] = value;
  if (window.length < values.length) window.length += 1;
}

/** Value `back` steps before the newest (0 is the newest); the caller knows that it is there. */
export function at(window: Window, back: number): number {
  return window.values[window.values.length - 1 - back]!;
}

/** Sum of the newest k values, oldest of them first. */
export function sum(window: Window, k: number): number {
  const { values } = window;
  const end = values.length;
  let total = 0;
  for (let i = end - k; i < end; i += 1) total += values[i]!;
  return total;
}

/** Mean of the newest k values; exactly the value where all are equal. */
export function mean(window: Window, k: number): number {
  return sum(window, k) / k;
}

/**
 * Population standard deviation of the newest k values, in two passes: no cancellation between large squares, so that small prices keep all
 * their digits. @see Chan, Golub, LeVeque (1983), The American Statistician 37(3), 242-247.
 */
export function standardDeviation(window: Window, k: number): number {
  const { values } = window;
  const end = values.length;
  const centre = sum(window, k) / k;
  let squares = 0;
  let rest = 0;
  for (let i = end - k; i < end; i += 1) {
    const d = values[i]! - centre;
    squares += d * d;
    rest += d;
  }
  // `rest` would be 0 in exact arithmetic: it corrects the rounding of the mean.
  const variance = (squares - (rest * rest) / k) / k;
  return variance > 0 ? Math.sqrt(variance) : 0;
}
