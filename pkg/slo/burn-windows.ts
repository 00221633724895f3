/** Time over which an error budget is to last, seconds. */
export const BUDGET_SECONDS = 30 * 86_400;

/** An alert on the speed at which an error budget is used up: it fires while both windows are above the factor. */
export interface BurnWindow {
  /** `page` wakes somebody, `ticket` can wait for the morning. */
  readonly severity: 'page' | 'ticket';
  /** Shows that it matters. */
  readonly longSeconds: number;
  /** Shows that it goes on, so that the alert clears soon after; a twelfth of the long one. */
  readonly shortSeconds: number;
  /** Times the speed that uses up the budget exactly in {@link BUDGET_SECONDS}. */
  readonly factor: number;
}

/**
 * Fastest first: 2 % of a budget in an hour and 5 % in six are worth waking somebody, 10 % in one day or in three are worth a ticket.
 *
 * @see Beyer et al. (2018), The Site Reliability Workbook, chapter 5, "Alerting on SLOs", table 5-8 (multiwindow, multi-burn-rate alerts).
 */
export const BURN_WINDOWS: readonly BurnWindow[] = [
  { severity: 'page', longSeconds: 3600, shortSeconds: 300, factor: 14.4 },
  { severity: 'page', longSeconds: 6 * 3600, shortSeconds: 1800, factor: 6 },
  { severity: 'ticket', longSeconds: 86_400, shortSeconds: 7200, factor: 3 },
  { severity: 'ticket', longSeconds: 3 * 86_400, shortSeconds: 6 * 3600, factor: 1 },
];

/** Lengths of all windows, shortest first, seconds. */
export const WINDOW_SECONDS: readonly number[] = [
  ...new Set(BURN_WINDOWS.flatMap(({ shortSeconds, longSeconds }) => [shortSeconds, longSeconds])),
].toSorted((a, b) => a - b);

/** Share of the budget that is gone when an alert fires, at the slowest burn that it fires for. */
export function budgetSpent({ factor, longSeconds }: BurnWindow): number {
  return (factor * longSeconds) / BUDGET_SECONDS;
}

/**
 * Time until an alert fires where events come evenly, none was bad before, and from then on a constant share is.
 *
 * @param errorRatio - That share, in [0, 1].
 * @param objective - Share that must be good, in (0, 1).
 * @returns Seconds; Infinity where it never fires.
 */
export function secondsToFire(
  { factor, longSeconds }: BurnWindow,
  errorRatio: number,
  objective: number,
): number {
  const threshold = factor * (1 - objective);
  return errorRatio > threshold ? (longSeconds * threshold) / errorRatio : Infinity;
}

/**
 * Time until an alert that fires has cleared once nothing is bad any more.
 *
 * @param errorRatio - As for {@link secondsToFire}, for as long as the short window at least.
 * @returns Seconds, at most the short window.
 */
export function secondsToClear(
  { factor, shortSeconds }: BurnWindow,
  errorRatio: number,
  objective: number,
): number {
  const threshold = factor * (1 - objective);
  return shortSeconds * Math.max(0, 1 - threshold / errorRatio);
}
