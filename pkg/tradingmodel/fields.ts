import { z } from 'zod';

/*
 * The words that every field of a resource is written with. A pattern is a rule here, since the API server answers a rule with our
 * message and a pattern with the pattern.
 */

/** One rule in the Common Expression Language, which the API server and `tradewind lint` both evaluate. */
export interface Rule {
  /** Is true of a valid value; `self` is the value, `oldSelf` what it was before an update. */
  readonly rule: string;
  /** What must be, in one line; says what to write instead. */
  readonly message: string;
  /** The field at fault, from the value that the rule stands at, such as `.maxReplicas`. */
  readonly fieldPath?: string;
}

/** Key of the rules in the metadata of a schema, and in the schema of a custom resource. */
export const RULES_KEY = 'x-kubernetes-validations';
export const LIST_TYPE_KEY = 'x-kubernetes-list-type';
export const LIST_KEYS_KEY = 'x-kubernetes-list-map-keys';

/** The same schema with rules over the value as a whole. */
export function ruled<T extends z.ZodType>(schema: T, ...rules: readonly Rule[]): T {
  const before = (schema.meta()?.[RULES_KEY] as readonly Rule[] | undefined) ?? [];
  return schema.meta({ ...schema.meta(), [RULES_KEY]: [...before, ...rules] });
}

/**
 * Text of one form.
 *
 * @param form - Must mean the same in RE2: no look-around, no back reference, no single quote.
 * @param message - What the text must be.
 * @param max - Characters at most; the cost of the rule follows from it.
 */
export function text(form: RegExp, message: string, max: number): z.ZodString {
  const schema = z.string().max(max).regex(form, message);
  return ruled(schema, { rule: `self.matches(r'${form.source.replaceAll('\\/', '/')}')`, message });
}

/** A list in which each value stands once; server-side apply merges it value by value. */
export function setOf<T extends z.ZodType>(item: T, max: number): z.ZodArray<T> {
  return z
    .array(item)
    .max(max)
    .meta({ [LIST_TYPE_KEY]: 'set' });
}

/** A list of objects told apart by one of their fields; server-side apply merges it object by object. */
export function mapOf<T extends z.ZodType>(item: T, key: string, max: number): z.ZodArray<T> {
  return z
    .array(item)
    .max(max)
    .meta({ [LIST_TYPE_KEY]: 'map', [LIST_KEYS_KEY]: [key] });
}

/** A list whose order has a meaning; it is replaced as a whole. */
export function sequenceOf<T extends z.ZodType>(item: T, max: number): z.ZodArray<T> {
  return z
    .array(item)
    .max(max)
    .meta({ [LIST_TYPE_KEY]: 'atomic' });
}

/** Not negative; a string, since floats in a stored object do not survive every client. */
export const decimal = text(
  /^(0|[1-9]\d{0,9})(\.\d{1,9})?$/,
  'must be a decimal number as a string, such as "0.6"',
  20,
);

/** A decimal number that may be below zero. */
export const signedDecimal = text(
  /^-?(0|[1-9]\d{0,9})(\.\d{1,9})?$/,
  'must be a decimal number as a string, such as "0.6" or "-1.5"',
  21,
);

/** An amount of money or of an instrument, not negative. */
export const amount = text(
  /^(0|[1-9]\d{0,14})(\.\d{1,8})?$/,
  'must be an amount as a string without sign, such as "250000" or "0.5"',
  24,
);

export const digest = text(
  /^sha256:[0-9a-f]{64}$/,
  'must be sha256: and 64 lower-case hexadecimal digits, as `tradewind models verify` prints it',
  71,
);

/** Name of a Secret, ConfigMap, claim, RiskLimits or metric. */
export const resourceName = text(
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  'must be a name of lower-case letters, digits and -, that begins and ends with a letter or digit',
  63,
);

export const symbolSchema = text(
  /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$/,
  'must be a symbol of letters, digits and . _ / : -, at most 32 characters',
  32,
);

/** A length of time, from a second to a week. */
export const seconds = z.int().min(1).max(604_800);

/** RFC 3339. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** Makes what was read deeply read-only. */
export type ReadOnly<T> = T extends readonly (infer Item)[]
  ? readonly ReadOnly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: ReadOnly<T[Key]> }
    : T;
