import {
  type CelInput,
  CelScalar,
  celEnv,
  celFunc,
  celMethod,
  isCelError,
  listType,
  parse,
  plan,
} from '@bufbuild/cel';

import type { Rule } from './fields.ts';
import { quantityValue } from './quantity.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** What a rule says of a value. `unknown`: it could not be evaluated, as when a field that it reads is absent or of a wrong type. */
export type Verdict = 'holds' | 'broken' | 'unknown';

/*
 * The functions that Kubernetes adds to the language, as far as our rules use them. A quantity is its number here; the API server
 * has a type of its own for it, with the same order.
 */
const environment = celEnv({
  funcs: [
    celMethod('isSorted', listType(CelScalar.DYN), [], CelScalar.BOOL, function isSorted() {
      const numbers = [...this].map(Number);
      return numbers.every((value, i) => i === 0 || numbers[i - 1]! <= value);
    }),
    celFunc('quantity', [CelScalar.STRING], CelScalar.DOUBLE, (text) => known(quantityValue(text))),
    celMethod('compareTo', CelScalar.DOUBLE, [CelScalar.DOUBLE], CelScalar.INT, function compareTo(other) {
      return BigInt(Math.sign(this - other));
    }),
    // The library makes NaN of text that is no number, where the API server has an error.
    celFunc('double', [CelScalar.STRING], CelScalar.DOUBLE, (text) =>
      known(/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined),
    ),
  ],
});

function known(value: number | undefined): number {
  if (value === undefined) throw new RangeError('must be a number');
  return value;
}

type Program = (bindings: { readonly self: CelInput }) => unknown;
const programs = new Map<string, Program>();

/** A rule about a change; there is nothing to say about a single object. */
export const isTransition = ({ rule }: Rule): boolean => /\boldSelf\b/.test(rule);

/**
 * Evaluates a rule as the API server would.
 *
 * @param value - With its defaults, in the form of JSON.
 * @throws {Error} The rule is not in the language.
 */
export function evaluateRule({ rule }: Rule, value: unknown, schema: StructuralSchema): Verdict {
  let program = programs.get(rule);
  if (program === undefined) {
    program = plan(environment, parse(rule)) as Program;
    programs.set(rule, program);
  }
  const result = program({ self: toCel(value, schema) });
  if (isCelError(result) || typeof result !== 'boolean') return 'unknown';
  return result ? 'holds' : 'broken';
}

/** In the language whole numbers have a type of their own, which JSON has not. */
function toCel(value: unknown, schema: StructuralSchema): CelInput {
  if (schema.type === 'integer' && Number.isSafeInteger(value)) return BigInt(value as number);
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema.items ?? schema));
  if (typeof value !== 'object' || value === null) return value as CelInput;
  return new Map(
    Object.entries(value).map(([key, child]) => {
      const field = schema.properties?.[key];
      return [key, field === undefined ? (child as CelInput) : toCel(child, field)] as const;
    }),
  );
}
