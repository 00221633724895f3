/**
 * Writes the rules of Prometheus and the dashboards of Grafana from pkg/slo and scripts/observability, for compose and for the Helm chart.
 *
 * With `--check` it writes nothing and fails where a file differs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { dataPlane } from './observability/data-plane.ts';
import { fleet } from './observability/fleet.ts';
import { model } from './observability/model.ts';
import { rulesYaml } from './observability/rules-yaml.ts';

/** Folders that get the rules, and the dashboards in a folder within. */
const PLACES = [
  { rules: 'deploy/prometheus', dashboards: 'deploy/grafana/dashboards' },
  { rules: 'charts/tradewind/files', dashboards: 'charts/tradewind/files/dashboards' },
];

/** In the form that `make verify` wants. */
function formatted(path: string, text: string): string {
  const args = ['format', `--stdin-file-path=${basename(path)}`];
  return execFileSync('node_modules/.bin/biome', args, { input: text, encoding: 'utf8' });
}

const files = new Map<string, string>();
const rules = formatted('rules.yaml', rulesYaml());
for (const place of PLACES) files.set(`${place.rules}/rules.yaml`, rules);
for (const [name, dashboard] of Object.entries({ fleet, model, 'data-plane': dataPlane })) {
  const text = formatted('dashboard.json', JSON.stringify(dashboard));
  for (const place of PLACES) files.set(`${place.dashboards}/${name}.json`, text);
}

const isCheck = process.argv.includes('--check');
for (const [path, text] of files) {
  if (!isCheck) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`generate-observability: ${path} is not up to date: run 'make generate'`);
    process.exitCode = 1;
  }
}
