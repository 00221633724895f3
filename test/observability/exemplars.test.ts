import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ServerMetrics } from '../../pkg/rpc/metrics.ts';
import { exemplarOf } from '../../pkg/runtime/latency-histogram.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';
import { type PrometheusServer, prometheusMissing, startPrometheus } from '../servers/prometheus.ts';
import { eventually } from '../support/eventually.ts';

const missing = prometheusMissing();
const PREDICTION = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALL = '5bf92f3577b34da6a3ce929d0e0e4736';

interface Exemplars {
  readonly data: readonly {
    readonly exemplars: readonly { readonly labels: { readonly trace_id: string }; readonly value: string }[];
  }[];
}

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'exemplars at a Prometheus' : `without ${missing}`,
  () => {
    let http: OpsServer;
    let prometheus: PrometheusServer;
    beforeAll(async () => {
      const { registry, events, predictionLatency } = createMetrics();
      const calls = new ServerMetrics(registry).method('tradewind.v1.PredictionService', 'Predict');
      events.inc({ kind: 'trade' }, 7);
      predictionLatency.observe({
        ...{ labels: { model: 'm' }, value: 0.004, exemplarLabels: exemplarOf(PREDICTION) },
      });
      calls.started();
      calls.finishedTraced(20, 0, CALL, Date.now() * 1000);
      const logger = createLogger({ level: 'silent' });
      http = new OpsServer({ host: '127.0.0.1', port: 0, registry, logger });
      http.offerExemplars();
      prometheus = await startPrometheus({
        rules: 'groups: []',
        targets: [{ address: `127.0.0.1:${await http.start()}`, process: 'gateway' }],
        ...{ scrapeInterval: '1s', evaluationInterval: '1s', features: ['exemplar-storage'] },
      });
    }, 120_000);
    afterAll(async () => {
      await prometheus?.stop();
      await http?.stop();
    });

    const exemplarsOf = async (query: string) => {
      const answer = await fetch(
        `${prometheus.url}/api/v1/query_exemplars?query=${encodeURIComponent(query)}&start=0&end=4000000000`,
      );
      return ((await answer.json()) as Exemplars).data.flatMap(({ exemplars }) =>
        exemplars.map(({ labels, value }) => [labels.trace_id, Number(value)]),
      );
    };

    it('lead from a bucket to a trace, and its series have the names that rules and dashboards know', async () => {
      await eventually(async () => (await prometheus.query('up == 1')).length === 1, 60_000);
      const [total] = await eventually(async () => {
        const found = await prometheus.query('tradewind_events_total{kind="trade"}');
        return found.length > 0 ? found : undefined;
      }, 30_000);
      expect(total!.points.at(-1)![1]).toBe(7);
      await eventually(
        async () => (await exemplarsOf('tradewind_prediction_latency_seconds_bucket')).length > 0,
        30_000,
      );
      expect(await exemplarsOf('tradewind_prediction_latency_seconds_bucket')).toEqual([[PREDICTION, 0.004]]);
      expect(await exemplarsOf('rpc_server_handling_seconds_bucket')).toEqual([[CALL, 20]]);
      expect(
        await prometheus.query('rpc_server_handling_seconds_bucket{le="+Inf",method="Predict"}'),
      ).toHaveLength(1);
    }, 120_000);
  },
);
