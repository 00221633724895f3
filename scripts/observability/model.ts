import { errorRatioName, BUDGET_LEFT, OBJECTIVE_RATIO } from '../../pkg/slo/rules.ts';
import { dashboardOf, IN_NAMESPACE, NAMESPACE, orNone } from './dashboard.ts';
import { bars, figures, lines, states } from './panels.ts';

const MODEL = `${IN_NAMESPACE}, model="$model"`;
const LATENCY = `tradewind_revision_latency_seconds_bucket{${MODEL}}[$__rate_interval]`;

/** A number for each of these values of a label, in their order, of the one whose series is 1. */
const numbered = (metric: string, label: string, by: string, values: readonly string[]): string =>
  `max by (${by}) (${values.map((value, i) => `${metric}{${MODEL}, ${label}="${value}"} * ${i}`).join(' or ')})`;

const wordsOf = (words: readonly (readonly [string, string])[]) =>
  Object.fromEntries(words.map(([text, color], i) => [i, { text, color }]));

const PHASES = [
  ['Idle', 'gray'],
  ['Completed', 'green'],
  ['Progressing', 'blue'],
  ['Paused', 'yellow'],
  ['Aborting', 'orange'],
  ['Aborted', 'red'],
] as const;
const VERDICTS = [
  ['Pending', 'gray'],
  ['Successful', 'green'],
  ['Inconclusive', 'yellow'],
  ['Failed', 'red'],
] as const;

/** For whoever rolls a model out: what it promises, where the rollout stands, and its revisions side by side. */
export const model = dashboardOf({
  uid: 'tradewind-model',
  title: 'Tradewind / One model and its rollout',
  about: 'What a model promises, where its rollout stands, and its revisions side by side.',
  variables: [
    NAMESPACE,
    { name: 'model', query: `label_values(tradewind_slo_objective_ratio{${IN_NAMESPACE}}, model)` },
  ],
  rows: [
    {
      title: 'What it promises',
      panels: [
        bars({
          title: 'Error budget left',
          about: 'Of 30 days, or of what Prometheus keeps. Shown down to -100 %.',
          queries: [[`clamp_min(${BUDGET_LEFT}{${MODEL}}, -1)`, '{{slo}}']],
          unit: 'percentunit',
          ...{ min: 0, max: 1, decimals: 1, width: 6 },
          thresholds: [
            [null, 'red'],
            [0, 'orange'],
            [0.25, 'green'],
          ],
        }),
        figures({
          title: 'Latency threshold',
          about: 'An answer within it is a good one: spec.slo.latencyThresholdMilliseconds.',
          queries: [[`max(tradewind_slo_latency_threshold_seconds{${MODEL}})`, 'threshold']],
          ...{ unit: 's', width: 4 },
        }),
        figures({
          title: 'Objectives',
          about: 'Share that must be good.',
          queries: [[`${OBJECTIVE_RATIO}{${MODEL}}`, '{{slo}}']],
          ...{ unit: 'percentunit', decimals: 2, width: 4 },
        }),
        lines({
          title: 'Burn rate',
          about:
            'Of the objective for latency, over windows of alerts. At 1 the budget lasts 30 days. Cut at 20.',
          queries: [300, 3600, 21_600].map((seconds) => [
            `${errorRatioName(seconds)}{${MODEL}, slo="latency"} / (1 - ${OBJECTIVE_RATIO}{${MODEL}, slo="latency"})`,
            { 300: '5 m', 3600: '1 h', 21600: '6 h' }[seconds]!,
          ]),
          ...{ width: 10, max: 20 },
        }),
      ],
    },
    {
      title: 'Rollout',
      panels: [
        states({
          title: 'Phase',
          about: 'Of the rollout, as the status of the TradingModel has it.',
          queries: [
            [
              numbered(
                'tradewind_rollout_phase',
                'phase',
                'model',
                PHASES.map(([phase]) => phase),
              ),
              '{{model}}',
            ],
          ],
          words: wordsOf(PHASES),
          ...{ width: 12, height: 5 },
        }),
        figures({
          title: 'Steps',
          about: 'Done, and all of them.',
          queries: [
            [`max(tradewind_rollout_steps_done{${MODEL}})`, 'done'],
            [`max(tradewind_rollout_steps{${MODEL}})`, 'all'],
          ],
          ...{ width: 6, height: 5 },
        }),
        figures({
          title: 'Held up by',
          about: '1 for each reason that the rollout waits for.',
          queries: [[orNone(`max by (reason) (tradewind_rollout_paused{${MODEL}})`, 'reason'), '{{reason}}']],
          ...{ width: 6, height: 5 },
          thresholds: [
            [null, 'green'],
            [1, 'yellow'],
          ],
        }),
        lines({
          title: 'Weights',
          about: 'Share of the symbols that each revision answers, as gateways follow it.',
          queries: [[`max by (revision) (tradewind_revision_weight_ratio{${MODEL}})`, '{{revision}}']],
          unit: 'percentunit',
          max: 1,
          isStacked: true,
        }),
        states({
          title: 'Verdicts of the analysis',
          about: 'What the last measurement of each metric said.',
          queries: [
            [
              numbered(
                'tradewind_rollout_metric_verdict',
                'verdict',
                'metric',
                VERDICTS.map(([verdict]) => verdict),
              ),
              '{{metric}}',
            ],
          ],
          words: wordsOf(VERDICTS),
        }),
        figures({
          title: 'Values of the analysis',
          about:
            'Last value of each metric, of the update and of the stable revision, in the unit of the metric.',
          queries: [[`max by (metric, of) (tradewind_rollout_metric_value{${MODEL}})`, '{{metric}} {{of}}']],
        }),
      ],
    },
    {
      title: 'Revisions side by side',
      panels: [
        lines({
          title: 'Requests',
          about: 'Answered, by revision; copies for a shadow among them.',
          queries: [
            [
              `sum by (revision) (rate(tradewind_revision_requests_total{${MODEL}}[$__rate_interval]))`,
              '{{revision}}',
            ],
          ],
          unit: 'reqps',
        }),
        lines({
          title: 'Failed or abstained',
          about: 'Share of the requests of a revision.',
          queries: [
            [
              `sum by (revision, result) (rate(tradewind_revision_requests_total{${MODEL}, result!="answered"}[$__rate_interval])) / ignoring (result) group_left () (sum by (revision) (rate(tradewind_revision_requests_total{${MODEL}}[$__rate_interval])) > 0)`,
              '{{revision}} {{result}}',
            ],
          ],
          unit: 'percentunit',
        }),
        lines({
          title: 'Answered by stable in its place',
          about:
            'Requests that a revision failed and the stable one answered: a canary may be bad, and no caller pays for it.',
          queries: [
            [
              `sum by (revision) (rate(tradewind_revision_fallbacks_total{${MODEL}}[$__rate_interval]))`,
              '{{revision}}',
            ],
          ],
          unit: 'ops',
        }),
        lines({
          title: 'Latency, p50',
          about: 'From asking a revision to its answer.',
          queries: [[`histogram_quantile(0.5, sum by (le, revision) (rate(${LATENCY})))`, '{{revision}}']],
          unit: 's',
        }),
        lines({
          title: 'Latency, p99',
          about: 'From asking a revision to its answer, and the threshold of the model.',
          queries: [
            [`histogram_quantile(0.99, sum by (le, revision) (rate(${LATENCY})))`, '{{revision}}'],
            [`max(tradewind_slo_latency_threshold_seconds{${MODEL}})`, 'threshold'],
          ],
          unit: 's',
        }),
        lines({
          title: 'Usable predictors',
          about: 'Of each revision, summed over gateways.',
          queries: [[`sum by (revision) (tradewind_revision_usable_predictors{${MODEL}})`, '{{revision}}']],
        }),
      ],
    },
    {
      title: 'Skill and drift',
      panels: [
        lines({
          title: 'Brier score over an hour',
          about: 'Of predictions whose outcome is known; always saying 0.5 gets 0.25, less is better.',
          queries: [
            [
              `sum by (revision) (increase(tradewind_revision_brier_total{${MODEL}}[1h])) / (sum by (revision) (increase(tradewind_revision_outcomes_total{${MODEL}}[1h])) > 0)`,
              '{{revision}}',
            ],
          ],
          decimals: 3,
          thresholds: [
            [null, 'green'],
            [0.25, 'red'],
          ],
        }),
        lines({
          title: 'Right over an hour',
          about: 'Share of the predictions with a known outcome that were right.',
          queries: [
            [
              `sum by (revision) (increase(tradewind_revision_outcomes_total{${MODEL}, result="right"}[1h])) / (sum by (revision) (increase(tradewind_revision_outcomes_total{${MODEL}}[1h])) > 0)`,
              '{{revision}}',
            ],
          ],
          unit: 'percentunit',
          max: 1,
        }),
        lines({
          title: 'Drift of predictions (PSI)',
          about:
            'Of the probabilities of a revision against those of the stable one, since both are served. Above 0.25 is a shift.',
          queries: [[`max by (revision) (tradewind_revision_prediction_psi{${MODEL}})`, '{{revision}}']],
          thresholds: [
            [null, 'green'],
            [0.25, 'red'],
          ],
        }),
        lines({
          title: 'Drift of features (PSI)',
          about:
            'Of the feature that is furthest from its training data. 0 where the artifact has no deciles.',
          queries: [
            [
              orNone(`max by (revision) (tradewind_revision_feature_psi{${MODEL}})`, 'revision'),
              '{{revision}}',
            ],
          ],
          thresholds: [
            [null, 'green'],
            [0.25, 'red'],
          ],
        }),
      ],
    },
  ],
});
