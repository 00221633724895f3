import type { z } from 'zod';

import { checkObject, type Fault } from './check-object.ts';
import { type Resource, RISK_LIMITS, TRADING_MODEL } from './resource.ts';
import type { RiskLimitsSpec } from './risk-limits.ts';
import type { TradingModelSpec } from './spec.ts';
import type { TradingModelStatus } from './status.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

/** The spec of a stored object with its defaults, or why it is none. */
export type ReadSpec<Spec> = { readonly spec: Spec } | { readonly faults: readonly Fault[] };

/*
 * A stored object may be newer or older than this program: it has fields that are not known here, or breaks rules that came later. Both
 * are no reason to leave a model without care, so just types, bounds and required fields are checked.
 */

const schemas = new Map<z.ZodType, StructuralSchema>();

function read(
  shape: z.ZodType,
  value: unknown,
): { readonly value: unknown; readonly faults: readonly Fault[] } {
  const schema = schemas.get(shape) ?? structuralSchema(shape);
  schemas.set(shape, schema);
  return checkObject(schema, value, 'read');
}

function readSpec<Spec>(resource: Resource, object: unknown): ReadSpec<Spec> {
  const { value, faults } = read(resource.spec, object);
  return faults.length === 0 ? { spec: value as Spec } : { faults };
}

/** Reads `spec` of a stored TradingModel. Paths of faults begin below `spec`. */
export const readModelSpec = (spec: unknown): ReadSpec<TradingModelSpec> => readSpec(TRADING_MODEL, spec);

/** Reads `spec` of stored RiskLimits. Paths of faults begin below `spec`. */
export const readLimitsSpec = (spec: unknown): ReadSpec<RiskLimitsSpec> => readSpec(RISK_LIMITS, spec);

/**
 * Reads `status` of a stored TradingModel, that of a newer release too: what is not known here is dropped. A status that cannot be read
 * must not be taken for none, since a rollout that was given up would begin again.
 */
export function readModelStatus(
  status: unknown,
): { readonly status: TradingModelStatus } | { readonly faults: readonly Fault[] } {
  const { value, faults } = read(TRADING_MODEL.status, status ?? {});
  return faults.length === 0 ? { status: value as TradingModelStatus } : { faults };
}
