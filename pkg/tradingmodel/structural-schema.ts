import { z } from 'zod';

import { LIST_KEYS_KEY, LIST_TYPE_KEY, type Rule, RULES_KEY } from './fields.ts';

/** A schema as a custom resource may have it: no references, no alternatives, closed objects. */
export interface StructuralSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly items?: StructuralSchema;
  readonly [RULES_KEY]?: readonly Rule[];
  readonly [LIST_TYPE_KEY]?: 'atomic' | 'set' | 'map';
  readonly [LIST_KEYS_KEY]?: readonly string[];
}

/** What zod makes of a schema; the parts that are read here. */
interface JsonSchema extends Omit<StructuralSchema, 'properties' | 'items' | 'type'> {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

const TYPES: ReadonlySet<string> = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean']);
const INT32_MAX = 2_147_483_647;

/** What is kept as it stands, in the order in which it is written. */
const KEPT = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  LIST_TYPE_KEY,
  LIST_KEYS_KEY,
  'default',
] as const;
/** Left out of what is lenient: what bounds a value. What tells the objects of a list apart stays. */
const BOUNDS: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'minItems', 'maxItems']);

export interface StructuralOptions {
  /** Types alone, without bounds, lists of values and rules; for a status, which a newer controller must be able to write. */
  readonly isLenient?: boolean;
}

/**
 * The schema of a custom resource from that of TypeScript.
 *
 * @throws {TypeError} Something in it has no counterpart: a union, a record, an open object, a field without description.
 */
export function structuralSchema(schema: z.ZodType, options: StructuralOptions = {}): StructuralSchema {
  const json = z.toJSONSchema(schema, { io: 'input', reused: 'inline', target: 'openapi-3.0' });
  return convert(json as JsonSchema, '', options);
}

function convert(from: JsonSchema, path: string, options: StructuralOptions): StructuralSchema {
  const { type } = from;
  if (type === undefined || !TYPES.has(type))
    throw new TypeError(`${path} must have one plain type, has ${JSON.stringify(type)}`);
  const isLenient = options.isLenient === true;
  const to: Record<string, unknown> = { type };
  if (from.description !== undefined) to['description'] = from.description;
  if (type === 'integer') Object.assign(to, integerBounds(from, isLenient));
  else if (from.format !== undefined) to['format'] = from.format;
  if (from.enum !== undefined && !isLenient) to['enum'] = from.enum;
  for (const key of KEPT) {
    if (from[key] !== undefined && !(isLenient && BOUNDS.has(key))) to[key] = from[key];
  }
  if (type === 'array') to['items'] = convert(from.items ?? {}, `${path}[]`, options);
  if (type === 'object') Object.assign(to, objectParts(from, path, options));
  if (from[RULES_KEY] !== undefined && !isLenient) to[RULES_KEY] = from[RULES_KEY];
  const schema = to as unknown as StructuralSchema;
  return schema.default === undefined ? schema : { ...schema, default: filledIn(schema, schema.default) };
}

/** A default with the defaults below it: the API server evaluates rules on defaults as they are written. */
function filledIn({ properties = {} }: StructuralSchema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const whole: Record<string, unknown> = { ...value };
  for (const [name, child] of Object.entries(properties)) {
    const inner = whole[name] ?? child.default;
    if (inner !== undefined) whole[name] = filledIn(child, inner);
  }
  return whole;
}

/** Bounds that the format has in any case are not written. */
function integerBounds({ minimum, maximum }: JsonSchema, isLenient: boolean): Partial<StructuralSchema> {
  const isSmall = maximum !== undefined && maximum <= INT32_MAX;
  return {
    format: isSmall ? 'int32' : 'int64',
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER || isLenient ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER || isLenient ? {} : { maximum }),
  };
}

function objectParts(
  from: JsonSchema,
  path: string,
  options: StructuralOptions,
): Pick<StructuralSchema, 'properties' | 'required'> {
  if (from.properties === undefined) throw new TypeError(`${path} must name its fields, is open`);
  const properties: Record<string, StructuralSchema> = {};
  for (const [name, child] of Object.entries(from.properties)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (child.description === undefined) throw new TypeError(`${at} must have a description, has none`);
    properties[name] = convert(child, at, options);
  }
  return {
    properties,
    ...(from.required === undefined || from.required.length === 0 ? {} : { required: from.required }),
  };
}
