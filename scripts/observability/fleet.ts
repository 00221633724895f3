import { BURN_WINDOWS } from '../../pkg/slo/burn-windows.ts';
import { BUDGET_LEFT, errorRatioName, OBJECTIVE_RATIO } from '../../pkg/slo/rules.ts';
import { dashboardOf, IN_NAMESPACE as NS, NAMESPACE, orNone } from './dashboard.ts';
import { bars, figures, lines, states } from './panels.ts';

const NAMES = '{{slo}} {{model}}';
const BURN_LINES = [
  [null, 'green'],
  ...[...new Set(BURN_WINDOWS.map(({ factor }) => factor))]
    .toSorted((a, b) => a - b)
    .map((factor) => [factor, factor < 6 ? 'yellow' : 'red'] as const),
] as const;

/** For whoever is on call: whether promises are kept, by model, and how the processes are. */
export const fleet = dashboardOf({
  uid: 'tradewind-fleet',
  title: 'Tradewind / Fleet and SLO',
  about: 'Whether what is promised is kept, by objective and model, and how the processes are.',
  variables: [NAMESPACE],
  rows: [
    {
      title: 'What is promised',
      panels: [
        bars({
          title: 'Error budget left',
          about:
            'Of 30 days, or of what Prometheus keeps; below 0 the objective is missed. Shown down to -100 %. Freshness has none: a closed market is no fault.',
          queries: [[`sort(clamp_min(${BUDGET_LEFT}{${NS}}, -1))`, NAMES]],
          unit: 'percentunit',
          ...{ min: 0, max: 1, decimals: 1, height: 10 },
          thresholds: [
            [null, 'red'],
            [0, 'orange'],
            [0.25, 'green'],
          ],
        }),
        lines({
          title: 'Burn rate over an hour',
          about:
            'At 1 the budget lasts 30 days. Alerts fire above 14.4 over 1 h, 6 over 6 h, 3 over 1 d, 1 over 3 d. Cut at 20.',
          queries: [[`${errorRatioName(3600)}{${NS}} / (1 - ${OBJECTIVE_RATIO}{${NS}})`, NAMES]],
          ...{ thresholds: BURN_LINES, max: 20, height: 10 },
        }),
        figures({
          title: 'Alerts that fire',
          about: 'By name; each has a page in docs/runbooks.',
          height: 10,
          queries: [
            [
              orNone(`count by (alertname) (ALERTS{alertstate="firing", ${NS}})`, 'alertname'),
              '{{alertname}}',
            ],
          ],
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
      ],
    },
    {
      title: 'Models',
      panels: [
        lines({
          title: 'Requests',
          about: 'Of callers and of the stream, by model.',
          queries: [
            [
              `sum by (model) (rate(tradewind_slo_events_total{slo="availability", ${NS}}[$__rate_interval]))`,
              '{{model}}',
            ],
          ],
          unit: 'reqps',
        }),
        lines({
          title: 'Bad requests',
          about: 'Share of the last 5 minutes, by objective.',
          queries: [[`${errorRatioName(300)}{${NS}}`, NAMES]],
          unit: 'percentunit',
        }),
        lines({
          title: 'Event to prediction, p99',
          about:
            'From the arrival of the event that closed a bar to the published prediction. Objective: 99 % within 150 ms.',
          queries: [
            [
              `histogram_quantile(0.99, sum by (le, model) (rate(tradewind_prediction_latency_seconds_bucket{${NS}}[$__rate_interval])))`,
              '{{model}}',
            ],
          ],
          unit: 's',
          thresholds: [
            [null, 'green'],
            [0.15, 'red'],
          ],
        }),
        lines({
          title: 'Recommendations',
          about: 'What predictions of the stream say to do. A model that says one thing only is suspect.',
          queries: [
            [
              `sum by (recommendation) (rate(tradewind_predictions_total{${NS}}[$__rate_interval]))`,
              '{{recommendation}}',
            ],
          ],
          unit: 'ops',
          isStacked: true,
        }),
        lines({
          title: 'Abstentions',
          about: 'A prediction that would not have been honest was not made, by reason.',
          queries: [
            [
              orNone(
                `sum by (reason) (rate(tradewind_abstentions_total{${NS}}[$__rate_interval]))`,
                'reason',
              ),
              '{{reason}}',
            ],
          ],
          unit: 'ops',
        }),
        lines({
          title: 'Failures of models',
          about: 'In the stream, by the code of the error (docs/reference/errors.md).',
          queries: [
            [
              orNone(
                `sum by (code) (rate(tradewind_prediction_failures_total{${NS}}[$__rate_interval]))`,
                'code',
              ),
              '{{code}}',
            ],
          ],
          unit: 'ops',
        }),
      ],
    },
    {
      title: 'Processes',
      panels: [
        states({
          title: 'Up',
          about: 'Whether each process answers Prometheus.',
          queries: [[`min by (process, pod) (up{job=~".*tradewind.*", ${NS}})`, '{{process}} {{pod}}']],
          words: { 0: { text: 'down', color: 'red' }, 1: { text: 'up', color: 'green' } },
        }),
        lines({
          title: 'Predictors',
          about: 'As gateways see them, by state.',
          queries: [[`sum by (state) (tradewind_predictors{${NS}})`, '{{state}}']],
        }),
        lines({
          title: 'Requests in flight',
          about: 'Sent to predictors and not answered.',
          queries: [[`sum(tradewind_predictor_in_flight{${NS}})`, 'in flight']],
        }),
        lines({
          title: 'CPU',
          about: 'Cores in use.',
          queries: [
            [
              `sum by (process, pod) (rate(process_cpu_seconds_total{job=~".*tradewind.*", ${NS}}[$__rate_interval]))`,
              '{{process}} {{pod}}',
            ],
          ],
        }),
        lines({
          title: 'Memory',
          about: 'Resident.',
          queries: [
            [
              `max by (process, pod) (process_resident_memory_bytes{job=~".*tradewind.*", ${NS}})`,
              '{{process}} {{pod}}',
            ],
          ],
          unit: 'bytes',
        }),
        lines({
          title: 'Event loop held up, p99',
          about: 'A process that is held up answers nobody: work that is too long, or too little CPU.',
          queries: [
            [
              `max by (process, pod) (nodejs_eventloop_lag_p99_seconds{job=~".*tradewind.*", ${NS}})`,
              '{{process}} {{pod}}',
            ],
          ],
          unit: 's',
        }),
        lines({
          title: 'Warnings and errors',
          about: 'Logged, by message; docs/guides/operations.md explains those of the event log.',
          queries: [
            [
              orNone(
                `sum by (message) (rate(tradewind_log_problems_total{${NS}}[$__rate_interval]))`,
                'message',
              ),
              '{{message}}',
            ],
          ],
          unit: 'ops',
        }),
        lines({
          title: 'Reconciles',
          about: 'Of the controller, by result; 0 where there is none.',
          queries: [
            [
              orNone(
                `sum by (result) (rate(controller_runtime_reconcile_total{${NS}}[$__rate_interval]))`,
                'result',
              ),
              '{{result}}',
            ],
          ],
          unit: 'ops',
        }),
        lines({
          title: 'Models in line',
          about: 'That the controller has not looked at yet; 0 where there is none.',
          queries: [[orNone(`sum by (name) (workqueue_depth{${NS}})`, 'name'), '{{name}}']],
        }),
      ],
    },
  ],
});
