import { type Rule, RULES_KEY } from './fields.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** A field of a schema, with its place. */
export interface Field {
  /** As in `spec.rollout.steps[].setWeight`. */
  readonly path: string;
  readonly schema: StructuralSchema;
  readonly isRequired: boolean;
}

/** Every field below a schema, parents first, in the order of the source. The items of a list stand at `path[]`. */
export function* fieldsOf(schema: StructuralSchema, path: string): Generator<Field> {
  if (schema.items !== undefined) {
    yield { path: `${path}[]`, schema: schema.items, isRequired: false };
    yield* fieldsOf(schema.items, `${path}[]`);
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    yield { path: at, schema: child, isRequired: schema.required?.includes(name) ?? false };
    yield* fieldsOf(child, at);
  }
}

/** The rules at a field, and of nothing below it. */
export const rulesOf = (schema: StructuralSchema): readonly Rule[] => schema[RULES_KEY] ?? [];
