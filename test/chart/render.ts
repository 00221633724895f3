import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { clusterTool } from '../servers/tools.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const CHART = join(ROOT, 'charts/tradewind');
const VALUES = join(import.meta.dirname, 'values');

/** Values that the chart is rendered with, by name: files, later ones win. */
export const VALUE_SETS = {
  default: [join(VALUES, 'default.yaml')],
  trial: [join(CHART, 'values-trial.yaml')],
  production: [join(CHART, 'values-production.yaml')],
  'gateway-only': [join(VALUES, 'gateway-only.yaml')],
  everything: [join(CHART, 'values-production.yaml'), join(VALUES, 'everything.yaml')],
} as const;

export type ValueSet = keyof typeof VALUE_SETS;
export const valueSets = Object.keys(VALUE_SETS) as readonly ValueSet[];

const tool = clusterTool('helm');

/** Why nothing can be rendered here, or `undefined`; for `describe.skipIf`. */
export const helmMissing = 'missing' in tool ? tool.missing : undefined;

export interface HelmResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function helm(args: readonly string[], input?: string): HelmResult {
  const { path } = tool as { path: string };
  return spawnSync(path, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    ...(input === undefined ? {} : { input }),
  });
}

/** Renders the chart as release `tradewind` in namespace `trading`, whatever Helm says to it. */
export function template(files: readonly string[], more: readonly string[] = [], input?: string): HelmResult {
  const values = files.flatMap((file) => ['--values', file]);
  return helm(['template', 'tradewind', CHART, '--namespace', 'trading', ...values, ...more], input);
}

// Objects of Kubernetes, of whatever kind.
// oxlint-disable-next-line typescript/no-explicit-any
export type Manifest = any;

const rendered = new Map<string, string>();

/** Text of a set of values. @throws If Helm refuses them. */
export function renderedText(set: ValueSet): string {
  const known = rendered.get(set);
  if (known !== undefined) return known;
  const { status, stdout, stderr } = template(VALUE_SETS[set]);
  if (status !== 0) throw new Error(`values ${set} must be rendered: ${stderr}`);
  rendered.set(set, stdout);
  return stdout;
}

export const manifestsIn = (text: string): readonly Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((manifest) => manifest !== null);

const parsed = new Map<ValueSet, readonly Manifest[]>();

/** Objects of a set of values, hooks included. */
export function manifests(set: ValueSet): readonly Manifest[] {
  const objects = parsed.get(set) ?? manifestsIn(renderedText(set));
  parsed.set(set, objects);
  return objects;
}

/** A pod that an object makes, and the name of that. */
export interface Pod {
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Manifest;
}

/** Pods that objects make, or are. */
export function podsOf(objects: readonly Manifest[]): readonly Pod[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const template = kind === 'Pod' ? { metadata, spec } : spec?.template;
    if (template?.spec?.containers === undefined) return [];
    return [
      { owner: `${kind}/${metadata.name}`, labels: template.metadata.labels ?? {}, spec: template.spec },
    ];
  });
}

/** The object of a kind and name. @throws If there is none. */
export function objectOf(objects: readonly Manifest[], kind: string, name: string): Manifest {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there must be a ${kind} ${name}`);
  return found;
}
