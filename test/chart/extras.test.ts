import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import {
  CHART,
  helm,
  helmMissing,
  type Manifest,
  manifests,
  manifestsIn,
  objectOf,
  template,
  VALUE_SETS,
} from './render.ts';

const RULES = `groups:
  - name: g
    rules:
      - alert: A
        expr: up == 0
        annotations: { summary: "{{ $labels.process }} is away" }
`;
const DASHBOARD = '{"title": "{{ of Grafana }}", "uid": "d"}\n';

describe.skipIf(helmMissing !== undefined)('alerts and dashboards of the chart', () => {
  let chart: string;
  beforeEach(() => {
    chart = mkdtempSync(join(tmpdir(), 'tradewind-chart-'));
    cpSync(CHART, chart, { recursive: true });
    rmSync(join(chart, 'files/rules.yaml'), { force: true });
    rmSync(join(chart, 'files/dashboards'), { recursive: true, force: true });
  });
  afterEach(() => rmSync(chart, { recursive: true }));

  const render = (): readonly Manifest[] => {
    const { status, stdout, stderr } = helm([
      'template',
      'tradewind',
      chart,
      '--values',
      ...VALUE_SETS.production,
    ]);
    expect(status, stderr).toBe(0);
    return manifestsIn(stdout);
  };

  it('are given as they are to the operator of Prometheus and to Grafana', () => {
    writeFileSync(join(chart, 'files/rules.yaml'), RULES);
    mkdirSync(join(chart, 'files/dashboards'));
    writeFileSync(join(chart, 'files/dashboards/my_board.json'), DASHBOARD);
    const objects = render();
    expect(objectOf(objects, 'PrometheusRule', 'tradewind').spec).toEqual(parse(RULES));
    const { data, metadata } = objectOf(objects, 'ConfigMap', 'tradewind-dashboard-my-board');
    expect(data).toEqual({ 'my_board.json': DASHBOARD });
    expect(metadata.labels.grafana_dashboard).toBe('1');
  });

  it('link to their pages where values say where those are', () => {
    const links = (more: readonly string[]): readonly string[] =>
      objectOf(manifestsIn(template(VALUE_SETS.production, more).stdout), 'PrometheusRule', 'tradewind')
        .spec.groups.flatMap(({ rules }: Manifest) => rules)
        .flatMap(({ annotations }: Manifest) => annotations?.runbook_url ?? []);
    const paths = links([]);
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) expect(path).toMatch(/^docs\/runbooks\/[-a-z]+\.md$/);
    for (const base of [
      'https://git.example/tradewind/blob/main',
      'https://git.example/tradewind/blob/main/',
    ])
      expect(links(['--set', `monitoring.prometheusRule.runbookBase=${base}`])).toEqual(
        paths.map((path) => `https://git.example/tradewind/blob/main/${path}`),
      );
  });

  it('may be missing', () => {
    const kinds = render().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(kinds.filter((name) => /PrometheusRule|dashboard/.test(name))).toEqual([]);
  });

  it('are not there unless they are switched on', () => {
    const foreign = manifests('default').filter(({ apiVersion }) => apiVersion.startsWith('monitoring.'));
    expect(foreign).toEqual([]);
  });
});

describe.skipIf(helmMissing !== undefined)('definitions of the custom resources', () => {
  it('are those of k8s/crds, upgraded with the release and kept when it goes', () => {
    const objects = manifests('default');
    const files = globSync(join(CHART, '../../k8s/crds/tradewind.dev_*.yaml'));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const { metadata, ...definition } = parse(readFileSync(file, 'utf8'));
      const rendered = objectOf(objects, 'CustomResourceDefinition', metadata.name);
      expect(rendered, basename(file)).toEqual({
        ...definition,
        metadata: { ...metadata, annotations: { 'helm.sh/resource-policy': 'keep' } },
      });
    }
  });

  it('are left to another release where the values say so', () => {
    const kinds = manifests('gateway-only').map(({ kind }) => kind as string);
    expect(kinds).not.toContain('CustomResourceDefinition');
  });
});
