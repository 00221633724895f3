import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { kafkaMetrics } from '../../pkg/eventlog/kafka/metrics.ts';
import { rolloutMetrics } from '../../pkg/operator/rollout-metrics.ts';
import { createOperatorMetrics } from '../../pkg/operator/runtime/metrics.ts';
import { recorderMetrics } from '../../pkg/pipeline/recorder-metrics.ts';
import { poolMetrics } from '../../pkg/prediction/remote/pool-metrics.ts';
import { sloMetrics } from '../../pkg/prediction/slo/slo-metrics.ts';
import { revisionMetrics } from '../../pkg/prediction/traffic/revision-metrics.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { StorageAlarm } from '../../pkg/runtime/storage-alarm.ts';
import { IN_FLIGHT_METRIC } from '../../pkg/tradingmodel/pod-metrics.ts';

const ROOT = join(import.meta.dirname, '../..');
const filesIn = (folder: string, end: string): readonly string[] =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith(end))
    .map((file) => `${folder}/${file}`);
const FILES = [
  'deploy/prometheus/rules.yaml',
  ...filesIn('deploy/grafana/dashboards', '.json'),
  ...filesIn('docs/runbooks', '.md'),
];

const OURS =
  /(?<![\w:])(?:tradewind|nodejs|process|workqueue|controller_runtime|leader_election|rest_client)_[a-z0-9_]+\b(?!:)/g;

/** Every series that a process of any kind has, as queries spell it. */
async function knownSeries(): Promise<ReadonlySet<string>> {
  const { registry } = createMetrics();
  kafkaMetrics(registry);
  recorderMetrics(registry);
  sloMetrics(registry, { list: () => [] });
  revisionMetrics(registry, () => ({ models: [] }));
  rolloutMetrics(registry, () => []);
  createOperatorMetrics(registry);
  poolMetrics(registry, () => []);
  void new StorageAlarm({ logger: createLogger({ level: 'silent' }), registry, clock: systemClock });
  const metrics = await registry.getMetricsAsJSON();
  const names = metrics.flatMap(({ name, type }) =>
    String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  return new Set([...names, IN_FLIGHT_METRIC]);
}

/** Words of labels and of prose that look like metrics. */
const OTHERS = new Set([
  'tradewind_storage',
  'tradewind_errors',
  'tradewind_objective',
  'tradewind_fresh_symbols',
]);

describe('rules, dashboards and runbooks', () => {
  it.each(FILES)('%s asks only for metrics that there are', async (file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const asked = [...new Set(text.match(OURS))].filter((name) => !OTHERS.has(name));
    const known = await knownSeries();
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it('name metrics at all', () => {
    const rules = readFileSync(join(ROOT, FILES[0]!), 'utf8');
    expect(new Set(rules.match(OURS)).size).toBeGreaterThan(20);
  });
});
