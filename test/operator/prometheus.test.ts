import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect } from 'vitest';

import { kubernetesMissing } from '../servers/kubernetes.ts';
import { type PrometheusServer, prometheusMissing, startPrometheus } from '../servers/prometheus.ts';
import { weights } from './world.ts';
import { worldFixture } from './world-fixture.ts';

const missing = kubernetesMissing() ?? prometheusMissing();

describe.skipIf(missing !== undefined)(
  'a rollout that a Prometheus decides on',
  { timeout: 240_000, concurrent: true },
  () => {
    const { it } = worldFixture();
    /** What the desk measures of each revision. */
    const slippage = new Map<string, number>();
    const exporter = createServer((_request, response) => {
      const lines = [...slippage].map(
        ([revision, bps]) => `desk_slippage_bps{revision="${revision}"} ${bps}\n`,
      );
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(lines.join(''));
    });
    let prometheus: PrometheusServer;
    beforeAll(async () => {
      exporter.listen(0, '127.0.0.1');
      await once(exporter, 'listening');
      const address = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
      prometheus = await startPrometheus({
        ...{ rules: 'groups: []', targets: [{ address, process: 'desk' }] },
        ...{ scrapeInterval: '1s', evaluationInterval: '1s' },
      });
    }, 300_000);
    afterAll(async () => {
      await prometheus?.stop();
      exporter.close();
      exporter.closeAllConnections();
    });

    const rolloutOver = (address: string): object => ({
      steps: [{ setWeight: 50 }, { analysis: { durationSeconds: 6 } }],
      analysis: {
        intervalSeconds: 5,
        onInconclusive: 'Pause',
        metrics: [
          {
            ...{ name: 'slippage', maxRatioToStable: '1.5', failureLimit: 1 },
            prometheus: { query: "desk_slippage_bps{revision='{{revision}}'}", address },
          },
        ],
      },
    });

    it.for([
      ['worse than stable is taken back', 2.4, 'Aborted'],
      ['as good as stable is promoted', 1.1, 'Completed'],
    ] as const)('%s', async ([, bps, phase], { open }) => {
      // Revisions of one version have one name in every namespace.
      const version = phase;
      const world = await open('prometheus');
      const before = await world.stable('m', `${version}-1`, rolloutOver(prometheus.url));
      slippage.set(before, 1);
      const after = await world.update('m', `${version}-2`);
      slippage.set(after, bps);
      const { rollout, ...status } = await world.until('m', (now) => now.rollout.phase === phase);
      const [metric] = rollout.analysis.metrics;
      expect(metric).toMatchObject({
        name: 'slippage',
        resolvedQuery: `desk_slippage_bps{revision='${after}'}`,
      });
      expect(Number(metric.lastValue)).toBe(bps);
      expect(weights(status)).toEqual({ [phase === 'Aborted' ? before : after]: 100 });
    });

    it('waits for a person where it does not answer', async ({ open }) => {
      const world = await open('prometheus-away');
      const before = await world.stable('m', 'away-1', rolloutOver('http://127.0.0.1:9'));
      const after = await world.update('m', 'away-2');
      const { rollout, ...status } = await world.until('m', (now) =>
        now.rollout.pauseReasons.includes('Inconclusive'),
      );
      expect(rollout.analysis.metrics).toMatchObject([{ name: 'slippage', phase: 'Inconclusive' }]);
      expect(weights(status)).toEqual({ [before]: 50, [after]: 50 });
      await world.action('m', 'abort');
      await world.until('m', (now) => now.rollout.phase === 'Aborted');
    });
  },
);
