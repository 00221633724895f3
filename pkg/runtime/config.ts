import { readFileSync } from 'node:fs';

import { parseDocument } from 'yaml';
import type { z } from 'zod';

import { ConfigInvalid, FileUnreadable } from './common-errors.ts';
import { closest } from './closest.ts';

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

const ENV_PREFIX = 'TRADEWIND_';

/** Settings that no message may show, by the end of their name. */
const SECRET = /(password|secret|token)$/i;

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
  const faults: string[] = [];
  applyEnvironment(tree, sources.env ?? {}, known, origins, faults);
  for (const [path, value] of Object.entries(sources.flags ?? {})) {
    if (value === undefined) continue;
    setPath(tree, path, value);
    origins.set(path, 'flag');
  }
  // A section that was not given at all is checked as an empty one: the faults then name the settings that are missing.
  for (const [path, node] of known) if (node.shape !== undefined && !path.includes('.')) tree[path] ??= {};
  const result = schema.safeParse(tree, { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) faults.push(...describe(issue, origins, known));
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
      `${path}: must hold an object, held ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}`,
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

/** Shape of the parts of zod's definitions that are walked here. */
interface SchemaNode {
  readonly shape?: Readonly<Record<string, SchemaNode>>;
  readonly def?: { readonly innerType?: SchemaNode; readonly type?: string };
}

/** Every path of a schema of nested objects, leaves and objects. */
function schemaPaths(schema: z.ZodType): ReadonlyMap<string, SchemaNode> {
  const paths = new Map<string, SchemaNode>();
  const walk = (node: SchemaNode, prefix: string): void => {
    let inner = node;
    while (inner.shape === undefined && inner.def?.innerType !== undefined) inner = inner.def.innerType;
    if (prefix !== '') paths.set(prefix, inner);
    for (const [key, child] of Object.entries(inner.shape ?? {}))
      walk(child, prefix === '' ? key : `${prefix}.${key}`);
  };
  walk(schema, '');
  return paths;
}

/** Name of the environment variable of a setting, e.g. `TRADEWIND_GRPC_PORT` of `grpc.port`. */
export const environmentName = (path: string): string =>
  ENV_PREFIX +
  path
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase();

/** Names of the environment that a schema reads. */
export const environmentNames = (schema: z.ZodType): ReadonlySet<string> =>
  new Set([...schemaPaths(schema).keys()].map(environmentName));

function applyEnvironment(
  tree: Tree,
  env: Readonly<Record<string, string | undefined>>,
  known: ReadonlyMap<string, SchemaNode>,
  origins: Map<string, string>,
  faults: string[],
): void {
  const names = new Map([...known].map(([path, node]) => [environmentName(path), node]));
  for (const name of Object.keys(env)) {
    if (names.has(name) || env[name] === undefined) continue;
    // Names outside the sections belong to others (tests, installers).
    const section = [...names].find(
      ([start, node]) => node.shape !== undefined && name.startsWith(`${start}_`),
    );
    if (section === undefined) continue;
    const near = closest(name, [...names.keys()]);
    faults.push(`${name}: is not a setting${near === undefined ? '' : `, did you mean ${near}?`}`);
  }
  for (const [path, node] of known) {
    const name = environmentName(path);
    const text = env[name];
    if (text === undefined || node.shape !== undefined) continue;
    const value = parseText(text, node);
    if (value === undefined)
      faults.push(
        `${path} (${name}): must be ${node.def?.type ?? 'valid'}, was '${String(shown(path, text))}'`,
      );
    else setPath(tree, path, value);
    origins.set(path, name);
  }
}

/** Text of the environment as the type that the schema wants; text where it may be text. */
function parseText(text: string, node: SchemaNode): unknown {
  const type = node.def?.type;
  if (type === 'number' || type === 'int')
    return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type === 'array')
    return text.split(',').map((item) => (Number.isNaN(Number(item)) ? item.trim() : Number(item)));
  if (type === 'union') return text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
  return text;
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

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  readonly keys?: readonly string[];
}

function describe(
  issue: Issue,
  origins: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, unknown>,
): readonly string[] {
  const path = issue.path.join('.');
  const where = (at: string): string => {
    let key = at;
    while (key !== '' && !origins.has(key)) key = key.slice(0, Math.max(0, key.lastIndexOf('.')));
    return origins.has(key) ? ` (${origins.get(key)})` : '';
  };
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => {
      const full = path === '' ? key : `${path}.${key}`;
      const near = closest(full, [...known.keys()]);
      return `${full}${where(full)}: is not a setting${near === undefined ? '' : `, did you mean ${near}?`}`;
    });
  }
  const was =
    issue.input === undefined ? 'was absent' : `was ${JSON.stringify(shown(path, issue.input), shown)}`;
  return [`${path || '(all)'}${where(path)}: ${issue.message}, ${was}`];
}

/** The value as a message may show it; also the replacer of a whole object. */
function shown(key: string, value: unknown): unknown {
  return SECRET.test(key) ? '***' : value;
}
