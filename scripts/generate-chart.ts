/**
 * Writes what the Helm chart has from elsewhere: definitions of the custom resources, rules of the roles,
 * defaults of the processes, and the schema of its values.
 *
 * With `--check` it writes nothing and fails where a file differs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { parseAllDocuments, stringify } from 'yaml';

import { defaultsOf } from './chart/process-schema.ts';
import { valuesSchema } from './chart/values-schema.ts';

const CHART = 'charts/tradewind';
const KEEP = '  annotations:\n    helm.sh/resource-policy: keep\n';

/** A definition as the chart installs it: upgraded with the release, and kept when that goes. */
function definition(path: string): string {
  const [comment = '', ...lines] = readFileSync(path, 'utf8').split('\n');
  if (!comment.startsWith('# Generated')) throw new Error(`${path} must begin with a comment`);
  const text = lines.join('\n');
  if (!text.includes('\nmetadata:\n') || text.includes('\n  annotations:\n'))
    throw new Error(`${path} must have metadata without annotations`);
  return `# Generated from ${path} by scripts/generate-chart.ts.\n${text.replace('\nmetadata:\n', `\nmetadata:\n${KEEP}`)}`;
}

/** Rules by the name of the account, as `k8s/rbac.yaml` has them. */
function roles(): string {
  const rules = parseAllDocuments(readFileSync('k8s/rbac.yaml', 'utf8'))
    .map((document) => document.toJS() as { kind: string; metadata: { name: string }; rules: unknown })
    .filter(({ kind }) => kind === 'Role')
    .map(({ metadata, rules }) => [metadata.name.replace('tradewind-', ''), rules]);
  return `# Generated from k8s/rbac.yaml by scripts/generate-chart.ts.\n${stringify(Object.fromEntries(rules))}`;
}

/** What processes take where values say nothing, of the settings that the chart compares with others. */
function defaults(): string {
  const sections = {
    kafka: defaultsOf('collector', 'kafka', ['partitions', 'replicas', 'minInSyncReplicas']),
    prediction: defaultsOf('gateway', 'prediction', ['holdAbove', 'buyAbove']),
    leaderElection: defaultsOf('controller', 'leaderElection', [
      ...['leaseDurationSeconds', 'renewDeadlineSeconds', 'retryPeriodSeconds'],
    ]),
  };
  return `# Generated from the settings of the processes by scripts/generate-chart.ts.\n${stringify(sections)}`;
}

/** JSON in the form that `make verify` wants. */
function formatted(json: string): string {
  const args = ['format', '--stdin-file-path=values.schema.json'];
  return execFileSync('biome', args, { input: json, encoding: 'utf8' });
}

const files = new Map<string, string>([
  ...globSync('k8s/crds/tradewind.dev_*.yaml').map(
    (path) => [`${CHART}/files/crds/${basename(path)}`, definition(path)] as const,
  ),
  [`${CHART}/files/roles.yaml`, roles()],
  [`${CHART}/files/defaults.yaml`, defaults()],
  [`${CHART}/values.schema.json`, formatted(JSON.stringify(valuesSchema(), undefined, 2))],
]);

const isCheck = process.argv.includes('--check');
const left = globSync(`${CHART}/files/crds/*`).filter((path) => !files.has(path));
for (const path of left) {
  if (!isCheck) rmSync(path);
  else fail(path);
}
for (const [path, text] of files) {
  if (!isCheck) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) fail(path);
}

function fail(path: string): void {
  process.stderr.write(`generate-chart: ${path} is not up to date: run 'make generate'\n`);
  process.exitCode = 1;
}
