/**
 * Writes k8s/install.yaml: the chart as `kubectl apply -k k8s` installs it, with the servers of a trial.
 *
 * With `--check` it writes nothing and fails where the file differs. Without Helm there is nothing to compare with, and it says so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { clusterTool } from '../test/servers/tools.ts';

const CHART = 'charts/tradewind';
const FILE = 'k8s/install.yaml';
const isCheck = process.argv.includes('--check');

/** The chart without its hooks, which nobody would run, and without what only Helm reads. */
function rendered(helm: string): string {
  const values = ['--values', `${CHART}/values-trial.yaml`, '--set', 'crds.install=false'];
  const args = ['template', 'tradewind', CHART, '--namespace', 'tradewind', '--no-hooks', ...values];
  const { status, stdout, stderr } = spawnSync(helm, args, { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  if (status !== 0) throw new Error(`helm must render ${CHART}: ${stderr}`);
  const lines = stdout
    .split('\n')
    .filter((line) => !/^# Source: |^ *(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): /.test(line));
  return `# Generated from ${CHART} by scripts/generate-kustomize.ts.\n${lines.join('\n').trim()}\n`;
}

function say(text: string): void {
  process.stderr.write(`generate-kustomize: ${text}\n`);
}

const tool = clusterTool('helm');
if ('missing' in tool) {
  say(`${FILE} is ${isCheck ? 'not checked' : 'left as it is'}: there is no ${tool.missing}`);
} else {
  const text = rendered(tool.path);
  if (!isCheck) writeFileSync(FILE, text);
  else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
    say(`${FILE} is not up to date: run 'make generate'`);
    process.exitCode = 1;
  }
}
