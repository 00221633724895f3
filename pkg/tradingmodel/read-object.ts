import { checkObject, type Fault } from './check-object.ts';
import { type Resource, RISK_LIMITS, TRADING_MODEL } from './resource.ts';
import type { RiskLimitsSpec } from './risk-limits.ts';
import type { TradingModelSpec } from './spec.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

/** The spec of a stored object with its defaults, or why it is none. */
export type ReadSpec<Spec> = { readonly spec: Spec } | { readonly faults: readonly Fault[] };

/*
 * A stored object may be newer or older than this program: it has fields that are not known here, or breaks rules that came later. Both
 * are no reason to leave a model without care, so just types, bounds and required fields are checked.
 */

const schemas = new Map<Resource, StructuralSchema>();

function readSpec<Spec>(resource: Resource, value: unknown): ReadSpec<Spec> {
  const schema = schemas.get(resource) ?? structuralSchema(resource.spec);
  schemas.set(resource, schema);
  const { value: spec, faults } = checkObject(schema, value, 'read');
  return faults.length === 0 ? { spec: spec as Spec } : { faults };
}

/** Reads `spec` of a stored TradingModel. Paths of faults begin below `spec`. */
export const readModelSpec = (spec: unknown): ReadSpec<TradingModelSpec> => readSpec(TRADING_MODEL, spec);

/** Reads `spec` of stored RiskLimits. Paths of faults begin below `spec`. */
export const readLimitsSpec = (spec: unknown): ReadSpec<RiskLimitsSpec> => readSpec(RISK_LIMITS, spec);
