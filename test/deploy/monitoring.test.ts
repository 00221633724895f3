import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { kafkaMetrics } from '../../pkg/eventlog/kafka/metrics.ts';
import { recorderMetrics } from '../../pkg/pipeline/recorder-metrics.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { systemTool } from '../servers/tools.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const promtool = systemTool('promtool', 'prometheus');

/** Names of our metrics and of Node's, as queries spell them, in a text. */
const metricsIn = (text: string): readonly string[] => [
  ...new Set(text.match(/\b(?:tradewind|nodejs|process)_[a-z0-9_]+\b/g)),
];

async function knownMetrics(): Promise<ReadonlySet<string>> {
  const { registry } = createMetrics();
  kafkaMetrics(registry);
  recorderMetrics(registry);
  const metrics = await registry.getMetricsAsJSON();
  return new Set(
    metrics.flatMap(({ name, type }) =>
      String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

describe('dashboards and alerts', () => {
  it.each(['prometheus/rules.yaml', 'grafana/dashboards/tradewind.json'])(
    '%s ask only for metrics that there are',
    async (file) => {
      const names = metricsIn(readFileSync(join(DEPLOY, file), 'utf8'));
      expect(names.length).toBeGreaterThan(5);
      const known = await knownMetrics();
      expect(names.filter((name) => !known.has(name))).toEqual([]);
    },
  );
});

describe.skipIf('missing' in promtool)('Prometheus', () => {
  it.each([
    ['takes the configuration', ['check', 'config', 'prometheus.yaml']],
    ['raises each alert when it should', ['test', 'rules', 'rules.test.yaml']],
  ])('%s', (_, args) => {
    const { path } = promtool as { path: string };
    const { status, stderr } = spawnSync(path, args, {
      cwd: join(DEPLOY, 'prometheus'),
      encoding: 'utf8',
    });
    expect(stderr).not.toContain('FAILED');
    expect(status).toBe(0);
  });
});
