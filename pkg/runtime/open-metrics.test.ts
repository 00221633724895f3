import { Counter, Gauge, Registry } from 'prom-client';
import { expect, it } from 'vitest';

import { exemplarOf, latencyHistogram } from './latency-histogram.ts';
import { createMetrics } from './metrics.ts';
import { asksForOpenMetrics, openMetrics } from './open-metrics.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

it('writes families, samples and exemplars as OpenMetrics has them', async () => {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'calls_total', help: 'Calls\nof "all"', labelNames: ['code'], registers }).inc({
    code: 'a"\\\n',
  });
  new Counter({ name: 'odd', help: 'Without a suffix', registers }).inc();
  new Gauge({ name: 'level', help: 'Level', registers }).set(-Infinity);
  const seconds = latencyHistogram(registry, 'wait_seconds', 'Wait', [0.1, 1], ['model']);
  seconds.observe({ labels: { model: 'm' }, value: 0.05, exemplarLabels: exemplarOf(TRACE) });
  seconds.observe({ labels: { model: 'm' }, value: 0.5, exemplarLabels: exemplarOf(undefined) });
  seconds.observe({ labels: { model: 'm' }, value: 5, exemplarLabels: exemplarOf(TRACE) });
  const text = await openMetrics(registry);
  expect(text.replaceAll(/ 1\d{9}\.\d+$/gm, ' TIME')).toBe(
    `# HELP calls Calls\\nof \\"all\\"
# TYPE calls counter
calls_total{code="a\\"\\\\\\n"} 1
# HELP odd Without a suffix
# TYPE odd unknown
odd 1
# HELP level Level
# TYPE level gauge
level -Inf
# HELP wait_seconds Wait
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1",model="m"} 1 # {trace_id="${TRACE}"} 0.05 TIME
wait_seconds_bucket{le="1",model="m"} 2
wait_seconds_bucket{le="+Inf",model="m"} 3 # {trace_id="${TRACE}"} 5 TIME
wait_seconds_sum{model="m"} 5.55
wait_seconds_count{model="m"} 3
# EOF
`,
  );
});

it('gives every series of a process the name and labels that the text format has, before and after', async () => {
  const { registry, events, predictionLatency } = createMetrics();
  events.inc({ kind: 'trade' });
  predictionLatency.observe({ labels: { model: 'm' }, value: 0.01 });
  const seriesOf = (text: string): readonly string[] =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name, labels = ''] = /^(\w+)(?:\{(.*?)\})? /.exec(line)!;
        return `${name} ${labels.split(',').toSorted().join()}`;
      })
      .toSorted();
  const before = seriesOf(await registry.metrics());
  const open = seriesOf(await openMetrics(registry));
  // Of two readings one may see a kind of resource or heap space that the other did not.
  const isSteady = (series: string): boolean => !/^nodejs_(active|gc)/.test(series);
  expect(open.filter(isSteady)).toEqual(before.filter(isSteady));
  expect(seriesOf(await registry.metrics()).filter(isSteady)).toEqual(before.filter(isSteady));
  expect(before).toContain('tradewind_events_total kind="trade"');
});

it.each([
  ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2', true],
  ['text/plain, application/openmetrics-text', true],
  ['text/plain;version=0.0.4', false],
  ['*/*', false],
  [undefined, false],
])('takes a scraper with %s for one that asks: %s', (accept, does) => {
  expect(asksForOpenMetrics(accept)).toBe(does);
});
