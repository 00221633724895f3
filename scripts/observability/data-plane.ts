import { FRESH_SECONDS } from '../../pkg/slo/objectives.ts';
import { dashboardOf, IN_NAMESPACE as NS, NAMESPACE, orNone } from './dashboard.ts';
import { lines, type Query } from './panels.ts';

const quantiles = (metric: string, by: string, legend: string): readonly Query[] =>
  [0.5, 0.99].map((q) => [
    `histogram_quantile(${q}, sum by (${by}) (rate(${metric}_bucket{${NS}}[$__rate_interval])))`,
    `p${q * 100}${legend}`,
  ]);

/** For whoever keeps the data flowing: freshness, what is set aside, each hop, the log and history. */
export const dataPlane = dashboardOf({
  uid: 'tradewind-data-plane',
  title: 'Tradewind / Data plane',
  about: 'Market data on its way: freshness, what is set aside, latency of each hop, lag, history.',
  variables: [NAMESPACE],
  rows: [
    {
      title: 'Data',
      panels: [
        lines({
          title: 'Events',
          about: 'Accepted, by kind.',
          queries: [[`sum by (kind) (rate(tradewind_events_total{${NS}}[$__rate_interval]))`, '{{kind}}']],
          unit: 'ops',
        }),
        lines({
          title: 'Age of the newest event',
          about: 'On the clock of the market, by symbol.',
          queries: [[`max by (symbol) (tradewind_data_age_seconds{${NS}})`, '{{symbol}}']],
          unit: 's',
          thresholds: [
            [null, 'green'],
            [FRESH_SECONDS, 'red'],
          ],
        }),
        lines({
          title: 'Fresh symbols',
          about: `Share of the symbols with an event of the last ${FRESH_SECONDS} s.`,
          queries: [[`namespace:tradewind_fresh_symbols:ratio{${NS}}`, 'fresh {{namespace}}']],
          unit: 'percentunit',
          max: 1,
        }),
        lines({
          title: 'Set aside',
          about: 'Inputs that went to the quarantine, by reason: `tradewind quarantine ls`.',
          queries: [
            [
              orNone(
                `sum by (reason) (rate(tradewind_quarantined_total{${NS}}[$__rate_interval]))`,
                'reason',
              ),
              '{{reason}}',
            ],
          ],
          unit: 'ops',
        }),
        lines({
          title: 'Share set aside',
          about: 'Of all inputs, over 5 minutes. Objective: 0.1 %.',
          queries: [[`slo:tradewind_errors:ratio_rate5m{slo="delivery", ${NS}}`, 'set aside {{namespace}}']],
          unit: 'percentunit',
          thresholds: [
            [null, 'green'],
            [0.001, 'red'],
          ],
        }),
        lines({
          title: 'Look-ups of cached answers',
          about: 'Answers to features that callers give; 0 where nobody does.',
          queries: [
            [
              orNone(
                `sum by (result) (rate(tradewind_prediction_cache_lookups_total{${NS}}[$__rate_interval]))`,
                'result',
              ),
              '{{result}}',
            ],
          ],
          unit: 'ops',
        }),
      ],
    },
    {
      title: 'Hops',
      panels: [
        lines({
          title: 'Event to features',
          about: 'Objective: 99 % within 100 ms.',
          queries: quantiles('tradewind_feature_latency_seconds', 'le', ''),
          unit: 's',
          thresholds: [
            [null, 'green'],
            [0.1, 'red'],
          ],
        }),
        lines({
          title: 'Event to prediction',
          about: 'Objective: 99 % within 150 ms.',
          queries: quantiles('tradewind_prediction_latency_seconds', 'le, model', ' {{model}}'),
          unit: 's',
          thresholds: [
            [null, 'green'],
            [0.15, 'red'],
          ],
        }),
        lines({
          title: 'Gateway to predictor and back',
          about: 'Each request, second tries among them.',
          queries: quantiles('tradewind_predictor_latency_seconds', 'le', ''),
          unit: 's',
        }),
        lines({
          title: 'Requests to predictors',
          about: 'By how they ended: ok, or the code of the error.',
          queries: [
            [`sum by (code) (rate(tradewind_predictor_requests_total{${NS}}[$__rate_interval]))`, '{{code}}'],
          ],
          unit: 'reqps',
        }),
        lines({
          title: 'Second tries',
          about: 'Requests that went to another predictor, by the error of the first.',
          queries: [
            [
              orNone(
                `sum by (code) (rate(tradewind_predictor_retries_total{${NS}}[$__rate_interval]))`,
                'code',
              ),
              '{{code}}',
            ],
          ],
          unit: 'ops',
        }),
        lines({
          title: 'Predictors taken out',
          about: 'Since they failed, in 10 minutes.',
          queries: [[`sum(increase(tradewind_predictor_ejections_total{${NS}}[10m]))`, 'ejections']],
        }),
      ],
    },
    {
      title: 'Log',
      panels: [
        lines({
          title: 'Lag',
          about: 'Records that a group has not read yet: `tradewind lag`.',
          queries: [[`sum by (group, topic) (tradewind_kafka_lag_records{${NS}})`, '{{group}} {{topic}}']],
        }),
        lines({
          title: 'Partitions that stand still',
          about: 'Until somebody decides: what was not read is gone.',
          queries: [
            [
              orNone(`sum by (group, topic) (tradewind_kafka_standing_partitions{${NS}})`, 'group'),
              '{{group}} {{topic}}',
            ],
          ],
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
        lines({
          title: 'Partitions lost, producers discarded',
          about: 'In 10 minutes: members that a group went on without, appends that were given up.',
          queries: [
            [
              orNone(`sum by (group) (increase(tradewind_kafka_partitions_lost_total{${NS}}[10m]))`, 'group'),
              'lost {{group}}',
            ],
            [`sum(increase(tradewind_kafka_producers_discarded_total{${NS}}[10m]))`, 'discarded'],
          ],
        }),
      ],
    },
    {
      title: 'History',
      panels: [
        lines({
          title: 'Rows',
          about: 'That history has taken, by table.',
          queries: [
            [`sum by (table) (rate(tradewind_recorder_rows_total{${NS}}[$__rate_interval]))`, '{{table}}'],
          ],
          unit: 'wps',
        }),
        lines({
          title: 'Failed inserts',
          about: 'They are repeated, by table.',
          queries: [
            [
              orNone(
                `sum by (table) (rate(tradewind_recorder_failed_inserts_total{${NS}}[$__rate_interval]))`,
                'table',
              ),
              '{{table}}',
            ],
          ],
          unit: 'ops',
        }),
        lines({
          title: 'Storage that takes nothing',
          about: '1 while ClickHouse (recorder) or the disk (one process) takes no rows.',
          queries: [
            [`max(tradewind_recorder_history_away{${NS}})`, 'ClickHouse'],
            [`max(tradewind_storage_failing{${NS}}) or vector(0)`, 'disk'],
          ],
          max: 1,
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
      ],
    },
  ],
});
