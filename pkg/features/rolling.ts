/**
 * The last n values in order. Each is kept twice, n apart, in a ring: the newest k always lie side by side, and adding
 * one moves nothing.
 */
export interface Window {
  /** Shape [2 n]. */
  readonly values: Float64Array;
  /** Index behind the newest value, in (n, 2 n]; the newest k values end there. */
  end: number;
  /** Values held, at most n. */
  length: number;
}

export function createWindow(capacity: number): Window {
  return { values: new Float64Array(2 * capacity), end: 2 * capacity, length: 0 };
}

/** Adds a value at the end; the oldest falls out of a full window. */
export function push(window: Window, value: number): void {
  const { values } = window;
  const capacity = values.length >> 1;
  const end = window.end === values.length ? capacity + 1 : window.end + 1;
  values[end - 1] = value;
  values[end - 1 - capacity] = value;
  window.end = end;
  if (window.length < capacity) window.length += 1;
}

/** Value `back` steps before the newest (0 is the newest); the caller knows that it is there. */
export function at(window: Window, back: number): number {
  return window.values[window.end - 1 - back]!;
}

/** The newest k values, oldest first: a view that is good until the next one is added. */
export function newest(window: Window, k: number): Float64Array {
  return window.values.subarray(window.end - k, window.end);
}

/** Sum of the newest k values, oldest of them first. */
export function sum(window: Window, k: number): number {
  const { values, end } = window;
  let total = 0;
  for (let i = end - k; i < end; i += 1) total += values[i]!;
  return total;
}

/** Mean of the newest k values. */
export function mean(window: Window, k: number): number {
  return sum(window, k) / k;
}
