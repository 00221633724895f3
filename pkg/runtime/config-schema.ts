import type { z } from 'zod';

/** Shape of the parts of zod's definitions that are walked here. */
export interface SchemaNode {
  readonly shape?: Readonly<Record<string, SchemaNode>>;
  readonly meta?: () => Readonly<Record<string, unknown>> | undefined;
  readonly def?: { readonly innerType?: SchemaNode; readonly type?: string; readonly element?: SchemaNode };
}

/** What every name of the environment begins with. */
export const ENV_PREFIX = 'TRADEWIND_';

/** Every path of a schema of nested objects, leaves and objects. */
export function schemaPaths(schema: z.ZodType): ReadonlyMap<string, SchemaNode> {
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

/** Names of the settings that are marked as secrets (`meta({ isSecret: true })`), without their sections. */
export const secretNames = (known: ReadonlyMap<string, SchemaNode>): ReadonlySet<string> =>
  new Set([...known].flatMap(([path, node]) => (node.meta?.()?.['isSecret'] === true ? [lastOf(path)] : [])));

/** Name of a setting within its section. */
export const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

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

/** A name of the environment without the prefix that all settings have; `undefined` where it has another. */
export const withoutPrefix = (name: string): string | undefined =>
  name.startsWith(ENV_PREFIX) ? name.slice(ENV_PREFIX.length) : undefined;
