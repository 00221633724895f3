import { stringify } from 'yaml';

import { type RuleGroup, runbookOf } from '../../pkg/slo/rules.ts';

/** What an alert does in a situation. */
export interface RuleCase {
  readonly alert: string;
  /** Which of the alerts of this name, where there is one for each window. */
  readonly window?: string;
  /** Minutes from the beginning. */
  readonly atMinutes: number;
  /** Absent where it must not fire; labels beside name, severity and window. */
  readonly fires?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly severity: 'page' | 'ticket';
    /** What people read; absent where rounding would decide it. */
    readonly summary?: string;
  };
}

/** Series over time, and what alerts do with them. */
export interface Situation {
  readonly name: string;
  readonly stepMinutes: number;
  /** Minutes between two evaluations; cases are looked at then alone. */
  readonly everyMinutes: number;
  /** Values by series, as promtool reads them. */
  readonly series: Readonly<Record<string, string>>;
  readonly cases: readonly RuleCase[];
  /** Queries whose answer is one number without labels. */
  readonly values?: readonly { readonly expr: string; readonly atMinutes: number; readonly value: number }[];
}

/** Situations as a file for `promtool test rules`, which reads these groups from another. */
export function promtoolTests(
  rulesFile: string,
  groups: readonly RuleGroup[],
  situations: readonly Situation[],
): string {
  const [every = 1, ...others] = new Set(situations.map(({ everyMinutes }) => everyMinutes));
  if (others.length > 0) throw new Error('situations of one file must be evaluated alike');
  return stringify({
    rule_files: [rulesFile],
    evaluation_interval: `${every}m`,
    // As they are written: where minutes lie between two evaluations, none may read what another has yet to write.
    group_eval_order: groups.map(({ name }) => name),
    tests: situations.map(({ name, stepMinutes, series, cases, values = [] }) => ({
      name,
      interval: `${stepMinutes}m`,
      input_series: Object.entries(series).map(([each, values]) => ({ series: each, values })),
      promql_expr_test: [...cases.map(stateTest), ...values.map(valueTest)],
      alert_rule_test: cases.filter(({ fires }) => fires?.summary !== undefined).map(textTest),
    })),
  });
}

function stateTest({ alert, window, atMinutes, fires }: RuleCase) {
  const only = window === undefined ? '' : `, window="${window}"`;
  const expr = `ALERTS{alertname="${alert}", alertstate="firing"${only}}`;
  const test = { expr, eval_time: `${atMinutes}m` };
  if (fires === undefined) return { ...test, exp_samples: [] };
  const { labels, severity } = fires;
  const all = {
    ...{ alertname: alert, alertstate: 'firing', severity, ...labels },
    ...(window === undefined ? {} : { window }),
  };
  const text = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
  return { ...test, exp_samples: [{ labels: `ALERTS{${text.join(', ')}}`, value: 1 }] };
}

function valueTest({ expr, atMinutes, value }: NonNullable<Situation['values']>[number]) {
  return { expr, eval_time: `${atMinutes}m`, exp_samples: [{ labels: '{}', value }] };
}

/** Of all alerts of the name: none but this one may fire then. */
function textTest({ alert, window, atMinutes, fires }: RuleCase) {
  const { labels, severity, summary } = fires!;
  return {
    eval_time: `${atMinutes}m`,
    alertname: alert,
    exp_alerts: [
      {
        exp_labels: { severity, ...labels, ...(window === undefined ? {} : { window }) },
        exp_annotations: { summary, runbook_url: runbookOf(alert) },
      },
    ],
  };
}
