import { readFileSync } from 'node:fs';

import { parseDocument } from 'yaml';
import type { z } from 'zod';

import { ConfigInvalid, FileUnreadable } from './common-errors.ts';
import { readEnvironment } from './config-environment.ts';
import { describeIssue, kindOf } from './config-faults.ts';
import { schemaPaths } from './config-schema.ts';

/** A value by key, as deep as the configuration is. */
type Tree = { [key: string]: unknown };

export interface ConfigSources {
  /** YAML or JSON file. */
  readonly file?: string;
  /** Environment; only names with the prefix are read. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values from flags by dotted path; `undefined` means not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/**
 * Reads configuration from flags, environment, file and defaults, in that order of precedence.
 *
 * @param schema - Strict object schema; unknown keys are faults.
 * @returns The whole configuration, checked.
 * @throws {ConfigInvalid} With one line for every fault: path, origin, what must be, what was.
 * @throws {FileUnreadable} The file is not there.
 */
export function loadConfig<S extends z.ZodType>(schema: S, sources: ConfigSources): z.infer<S> {
  const origins = new Map<string, string>();
  const tree: Tree = sources.file === undefined ? {} : readFile(sources.file);
  if (sources.file !== undefined) noteOrigins(tree, '', sources.file, origins);
  const known = schemaPaths(schema);
  const fromEnvironment = readEnvironment(sources.env ?? {}, known);
  for (const [path, value] of fromEnvironment.values) setPath(tree, path, value);
  for (const [path, name] of fromEnvironment.origins) origins.set(path, name);
  const faults = [...fromEnvironment.faults];
  for (const [path, value] of Object.entries(sources.flags ?? {})) {
    if (value === undefined) continue;
    setPath(tree, path, value);
    origins.set(path, 'flag');
  }
  // A section that was not given at all is checked as an empty one: the faults then name the settings that are missing.
  for (const [path, node] of known) if (node.shape !== undefined && !path.includes('.')) tree[path] ??= {};
  const result = schema.safeParse(tree, { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) faults.push(...describeIssue(issue, origins, known));
  }
  if (faults.length > 0 || !result.success) throw new ConfigInvalid(faults);
  return result.data;
}

function readFile(path: string): Tree {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new FileUnreadable(path, error);
  }
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw new ConfigInvalid(
      document.errors.map((error) => `${path}: must be YAML or JSON, ${error.message.split('\n', 1)[0]}`),
    );
  }
  const value: unknown = document.toJS() ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigInvalid([
      `${path}: must hold an object of settings, held ${Array.isArray(value) ? 'a list' : kindOf(typeof value)}`,
    ]);
  }
  return value as Tree;
}

function noteOrigins(tree: Tree, prefix: string, origin: string, origins: Map<string, string>): void {
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    origins.set(path, origin);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      noteOrigins(value as Tree, path, origin, origins);
  }
}

function setPath(tree: Tree, path: string, value: unknown): void {
  const keys = path.split('.');
  let node = tree;
  for (const key of keys.slice(0, -1)) {
    const child = node[key];
    if (typeof child !== 'object' || child === null) node[key] = {};
    node = node[key] as Tree;
  }
  node[keys.at(-1)!] = value;
}
