/** Minutes between two samples. */
export const STEP_MINUTES = 2;

/** A stretch of a timeline in which a counter rises, or a gauge stands, like this. */
export interface Stretch {
  readonly minutes: number;
  readonly value: number;
}

/** Values of a counter that begins at 0 and rises by `value` a step, as promtool reads them. */
export function counter(stretches: readonly Stretch[]): string {
  let at = 0;
  return stretches
    .map(({ minutes, value }) => {
      const steps = minutes / STEP_MINUTES;
      const from = at + value;
      at += value * steps;
      return `${from}+${value}x${steps - 1}`;
    })
    .join(' ');
}

/** Values of a gauge that stands at `value`. */
export function gauge(stretches: readonly Stretch[]): string {
  return stretches.map(({ minutes, value }) => `${value}x${minutes / STEP_MINUTES - 1}`).join(' ');
}

/** A time as promtool reads it. */
export const minutesText = (minutes: number): string => `${minutes}m`;
