import { closest } from '../runtime/closest.ts';
import { evaluateRule, isTransition } from './cel.ts';
import { LIST_KEYS_KEY, LIST_TYPE_KEY, type Rule } from './fields.ts';
import { rulesOf } from './schema-walk.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { type Path, shownValue } from './value-text.ts';

/** One thing that is wrong with an object. */
export interface Fault {
  readonly path: Path;
  /** What must be, then what was. */
  readonly message: string;
}

export interface Checked {
  /** With the defaults filled in. */
  readonly value: unknown;
  /** In the order of the schema; empty: the API server takes the object. */
  readonly faults: readonly Fault[];
}

/**
 * How strict a check is. `write`: as the API server is with an object that is written. `read`: as whoever reads one that is stored must
 * be, under newer or older rules: fields that are not known are dropped, and rules are not evaluated.
 */
export type CheckMode = 'write' | 'read';

/**
 * Does what the API server does with an object that it is given: fills in defaults, checks the schema, evaluates the rules. Unlike the
 * API server it goes on after the first kind of fault, as far as it can.
 */
export function checkObject(schema: StructuralSchema, value: unknown, mode: CheckMode = 'write'): Checked {
  const faults: Fault[] = [];
  const checked = check(schema, value, [], { faults, mode });
  return { value: checked, faults };
}

/** What is known of the whole check. */
interface Run {
  readonly faults: Fault[];
  readonly mode: CheckMode;
}

function check(schema: StructuralSchema, value: unknown, path: Path, run: Run): unknown {
  const before = run.faults.length;
  if (!hasType(schema, value)) {
    const isBare = schema.type === 'string' && (typeof value === 'number' || typeof value === 'boolean');
    const fix = isBare ? ': put it in quotes' : '';
    run.faults.push({ path, message: `must be ${kindName(schema)}, was ${shownValue(path, value)}${fix}` });
    return value;
  }
  let whole = value;
  if (schema.type === 'array') whole = checkItems(schema, value as readonly unknown[], path, run);
  else if (schema.type === 'object') whole = checkFields(schema, value as Record<string, unknown>, path, run);
  else checkBounds(schema, value as string | number | boolean, path, run);
  if (run.mode === 'write') checkRules(schema, whole, path, run, run.faults.length > before);
  return whole;
}

function hasType({ type }: StructuralSchema, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  return typeof value === type;
}

const KIND_NAMES: Readonly<Record<StructuralSchema['type'], string>> = {
  array: 'a list',
  object: 'an object',
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
};

const kindName = (schema: StructuralSchema): string => KIND_NAMES[schema.type];

function checkItems(
  schema: StructuralSchema,
  items: readonly unknown[],
  path: Path,
  run: Run,
): readonly unknown[] {
  const { minItems = 0, maxItems = Infinity } = schema;
  if (items.length < minItems || items.length > maxItems) {
    const wanted = items.length < minItems ? `at least ${minItems}` : `at most ${maxItems}`;
    run.faults.push({
      path,
      message: `must hold ${wanted} item${wanted.endsWith(' 1') ? '' : 's'}, held ${items.length}`,
    });
  }
  const checked = items.map((item, i) => check(schema.items!, item, [...path, i], run));
  const identity = identityOf(schema);
  if (identity === undefined) return checked;
  const seen = new Map<string, number>();
  for (const [i, item] of checked.entries()) {
    const id = identity(item);
    const first = seen.get(id);
    if (first === undefined) seen.set(id, i);
    else
      run.faults.push({
        path: [...path, i],
        message: `must be there once, was ${id} as in item ${first}: remove one`,
      });
  }
  return checked;
}

/** What tells the items of a list apart, where the list says that they must differ. */
function identityOf(schema: StructuralSchema): ((item: unknown) => string) | undefined {
  if (schema[LIST_TYPE_KEY] === 'set') return (item) => JSON.stringify(item) ?? '';
  if (schema[LIST_TYPE_KEY] !== 'map') return undefined;
  const keys = schema[LIST_KEYS_KEY] ?? [];
  return (item) =>
    keys.map((key) => `${key} ${JSON.stringify((item as Record<string, unknown> | null)?.[key])}`).join(', ');
}

function checkFields(
  schema: StructuralSchema,
  given: Readonly<Record<string, unknown>>,
  path: Path,
  run: Run,
): Readonly<Record<string, unknown>> {
  const { properties, required = [] } = schema;
  // Where nothing is said about the fields, as of metadata, all are as good as another.
  if (properties === undefined) return given;
  const names = Object.keys(properties);
  for (const key of Object.keys(given)) {
    if (run.mode === 'read' || Object.hasOwn(properties, key)) continue;
    const near = closest(key, names);
    const hint = near === undefined ? `, must be one of ${names.join(', ')}` : `, did you mean ${near}?`;
    run.faults.push({ path: [...path, key], message: `is not a field${hint}` });
  }
  const whole: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(properties)) {
    const at = [...path, name];
    // Null is the same as absent to the API server.
    const value =
      Object.hasOwn(given, name) && given[name] !== null ? given[name] : structuredClone(child.default);
    if (value !== undefined) whole[name] = check(child, value, at, run);
    else if (required.includes(name))
      run.faults.push({ path: at, message: `must be given (${kindName(child)}), was absent` });
  }
  return whole;
}

function checkBounds(schema: StructuralSchema, value: string | number | boolean, path: Path, run: Run): void {
  const fault = (must: string): void => {
    run.faults.push({ path, message: `must ${must}, was ${shownValue(path, value)}` });
  };
  if (schema.enum !== undefined && !schema.enum.includes(String(value)))
    fault(`be ${schema.enum.join(' or ')}`);
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? -Infinity)) fault(`be at least ${schema.minimum}`);
    if (value > (schema.maximum ?? Infinity)) fault(`be at most ${schema.maximum}`);
  } else if (typeof value === 'string') {
    const length = Array.from(value).length;
    if (length < (schema.minLength ?? 0)) fault(`have at least ${schema.minLength} characters`);
    if (length > (schema.maxLength ?? Infinity)) fault(`have at most ${schema.maxLength} characters`);
  }
}

function checkRules(
  schema: StructuralSchema,
  value: unknown,
  path: Path,
  run: Run,
  hasFaults: boolean,
): void {
  for (const rule of rulesOf(schema)) {
    if (isTransition(rule)) continue;
    const verdict = evaluateRule(rule, value, schema);
    // What cannot be evaluated on top of another fault will be when that is mended.
    if (verdict === 'holds' || (verdict === 'unknown' && hasFaults)) continue;
    run.faults.push(ruleFault(rule, value, path));
  }
}

function ruleFault({ message, fieldPath = '' }: Rule, value: unknown, path: Path): Fault {
  const names = fieldPath.split('.').filter((name) => name !== '');
  let at: unknown = value;
  for (const name of names) at = (at as Readonly<Record<string, unknown>> | undefined)?.[name];
  const full = [...path, ...names];
  return { path: full, message: `${message} (was ${shownValue(full, at)})` };
}
