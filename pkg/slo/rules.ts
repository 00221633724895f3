import { BUDGET_SECONDS, type BurnWindow, WINDOW_SECONDS } from './burn-windows.ts';
import { CAUSES } from './causes.ts';
import { promDuration } from './duration.ts';
import { burnWindowsOf, OBJECTIVES, type Objective } from './objectives.ts';

/** A rule as Prometheus reads it. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

export interface RuleOptions {
  /** What the lengths of all windows are multiplied by; 1 unless a test cannot wait. Names stay those of the full lengths. */
  readonly scale?: number;
}

export const OBJECTIVE_RATIO = 'slo:tradewind_objective:ratio';
export const BUDGET_LEFT = 'slo:tradewind_budget_left:ratio30d';
/** Windows from here on are evaluated less often: they move slowly and cost more. */
const SLOW_SECONDS = 6 * 3600;
const SLOW_INTERVAL_SECONDS = 120;

/** Name of the recorded share of bad events over a window. */
export const errorRatioName = (seconds: number): string =>
  `slo:tradewind_errors:ratio_rate${promDuration(seconds)}`;

/** Page that says what to do, from the root of the repository. */
export const runbookOf = (alert: string): string =>
  `docs/runbooks/${alert.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.md`;

/** Every recording rule and alert of the platform. */
export function ruleGroups({ scale = 1 }: RuleOptions = {}): readonly RuleGroup[] {
  const windows = (isSlow: boolean): readonly number[] =>
    WINDOW_SECONDS.filter((seconds) => seconds >= SLOW_SECONDS === isSlow);
  const slowInterval = promDuration(SLOW_INTERVAL_SECONDS * scale);
  return [
    {
      name: 'tradewind-slo',
      rules: [
        ...OBJECTIVES.flatMap(({ recorded }) => recorded ?? []),
        ...OBJECTIVES.map(({ slo, objective }) => ({
          ...{ record: OBJECTIVE_RATIO, expr: objective, labels: { slo } },
        })),
        ...recordings(windows(false), scale),
      ],
    },
    { name: 'tradewind-slo-slow', interval: slowInterval, rules: recordings(windows(true), scale) },
    { name: 'tradewind-slo-budget', interval: promDuration(300 * scale), rules: [budgetLeft(scale)] },
    {
      name: 'tradewind-slo-alerts',
      rules: OBJECTIVES.flatMap((objective) =>
        burnWindowsOf(objective).map((window) => burnAlert(objective, window)),
      ),
    },
    {
      name: 'tradewind-causes',
      rules: CAUSES.map(({ alert, expr, severity, for: pending, summary }) => ({
        ...{ alert, expr, ...(pending === undefined ? {} : { for: pending }) },
        labels: { severity },
        annotations: { summary, runbook_url: runbookOf(alert) },
      })),
    },
  ];
}

function recordings(windows: readonly number[], scale: number): readonly Rule[] {
  return OBJECTIVES.flatMap((objective) => {
    const { slo, errorRatio } = objective;
    const own = new Set(
      burnWindowsOf(objective).flatMap(({ shortSeconds, longSeconds }) => [shortSeconds, longSeconds]),
    );
    return windows
      .filter((seconds) => own.has(seconds))
      .map((seconds) => ({
        record: errorRatioName(seconds),
        expr: errorRatio(promDuration(seconds * scale)),
        labels: { slo },
      }));
  });
}

/** Mean of the hours of a month, each counted alike: cheaper by far than a rate over all of it. */
function budgetLeft(scale: number): Rule {
  const [step, month] = [promDuration(600 * scale), promDuration(BUDGET_SECONDS * scale)];
  const without = OBJECTIVES.filter(({ isPausing }) => isPausing).map(({ slo }) => slo);
  const ratio = `${errorRatioName(3600)}{slo!~"${without.join('|')}"}`;
  return {
    record: BUDGET_LEFT,
    expr: `1 - avg_over_time(${ratio}[${month}:${step}]) / (1 - ${OBJECTIVE_RATIO})`,
  };
}

function burnAlert(
  { slo, alert, summary }: Objective,
  { severity, longSeconds, shortSeconds, factor }: BurnWindow,
): Rule {
  const isAbove = (seconds: number): string =>
    `${errorRatioName(seconds)}{slo="${slo}"} > ${factor} * (1 - ${OBJECTIVE_RATIO}{slo="${slo}"})`;
  const long = promDuration(longSeconds);
  return {
    alert,
    expr: `${isAbove(longSeconds)} and ${isAbove(shortSeconds)}`,
    labels: { severity, window: long },
    annotations: {
      summary: `${summary} (over ${long}; more than ${factor} times what its budget of 30 days allows)`,
      runbook_url: runbookOf(alert),
    },
  };
}
