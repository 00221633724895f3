import { closest } from './closest.ts';
import { lastOf, type SchemaNode, secretNames } from './config-schema.ts';

/** The parts of zod's issues that are told. */
export interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly origin?: string;
  readonly values?: readonly unknown[];
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  /** Of a union: what each of its members has to say. */
  readonly errors?: readonly (readonly Issue[])[];
}

/**
 * Makes what shows the value of a setting in a message, also as the replacer of a whole object: no secret, and no password in an address.
 *
 * @param known - Every path of the schema.
 */
export function redactor(known: ReadonlyMap<string, SchemaNode>): (path: string, value: unknown) => unknown {
  const secrets = secretNames(known);
  return (path, value) => {
    if (secrets.has(lastOf(path))) return '***';
    return typeof value === 'string' ? value.replaceAll(/\/\/[^/@\s]*@/g, '//***@') : value;
  };
}

const KINDS: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object of settings',
};

/** What a value of a kind of the schema must be, in words. */
export const kindOf = (type: string | undefined): string => KINDS[type ?? ''] ?? type ?? 'valid';

/**
 * The lines of one issue: path, origin, what must be, what was.
 *
 * @param origins - Where each path that was given comes from.
 * @param known - Every path of the schema.
 */
export function describeIssue(
  issue: Issue,
  origins: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, SchemaNode>,
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
      return `${full}${where(full)}: ${unknownKey(key, full, known)}`;
    });
  }
  const shown = redactor(known);
  const value = valueOf(issue);
  const was = value === undefined ? 'was absent' : `was ${JSON.stringify(shown(path, value), shown)}`;
  return [`${path || '(all)'}${where(path)}: ${requirement(issue)}, ${was}`];
}

/** What was given. A rule over several settings has their whole section, and names one of them. */
function valueOf({ code, path, input }: Issue): unknown {
  if (code !== 'custom' || path.length === 0 || typeof input !== 'object' || input === null) return input;
  return (input as Readonly<Record<PropertyKey, unknown>>)[path.at(-1)!];
}

function unknownKey(key: string, full: string, known: ReadonlyMap<string, unknown>): string {
  if (key.includes('.') && known.has(full)) {
    const [leaf = '', ...above] = full.split('.').toReversed();
    const nested = above.reduce((inner, section) => `${section}: {${inner}}`, `${leaf}: …`);
    return `must be written without dots, as \`${nested}\``;
  }
  const near = closest(full, [...known.keys()]);
  return `is not a setting${near === undefined ? '' : `, did you mean ${near}?`}`;
}

/** What must be. */
function requirement(issue: Issue): string {
  // A schema's own words.
  if (issue.message.startsWith('must ')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindOf(issue.expected)}`;
    case 'invalid_value':
      return `must be ${issue.values!.length === 1 ? '' : 'one of '}${issue.values!.map(String).join(', ')}`;
    case 'too_small':
      return bound(issue.origin, issue.minimum!, issue.inclusive === false ? 'above' : 'at least');
    case 'too_big':
      return bound(issue.origin, issue.maximum!, issue.inclusive === false ? 'below' : 'at most');
    case 'invalid_union':
      return (issue.errors ?? [])
        .map(([first], i) => (i === 0 ? requirement(first!) : requirement(first!).replace(/^must be /, '')))
        .join(' or ');
    default:
      return `must be valid (${issue.message})`;
  }
}

function bound(origin: string | undefined, limit: number | bigint, how: string): string {
  if (origin === 'array') return `must hold ${how} ${limit} item${Number(limit) === 1 ? '' : 's'}`;
  if (origin === 'string') return `must have ${how} ${limit} character${Number(limit) === 1 ? '' : 's'}`;
  return `must be ${how} ${limit}`;
}
