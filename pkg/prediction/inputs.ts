import { hash } from 'node:crypto';

import { FeaturesInvalid } from './errors.ts';
import type { PredictionModel } from './model-directory.ts';

/** The ordered float32 inputs of one row, or what they lack. */
export type Inputs =
  | { readonly row: Float32Array; readonly lacking?: undefined }
  | { readonly row?: undefined; readonly lacking: 'FeatureSetMismatch' | 'FeaturesNotReady' };

/** Picks the features of a model out of stored vectors by name; the plan is made once per model. */
export class InputPlanner {
  readonly #names: readonly string[];
  readonly #plans = new WeakMap<PredictionModel, Int32Array>();

  /** @param names - Names of the stored values, in order. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Value of a stored feature by name; NaN where the set does not have it. */
  valueOf(values: Float64Array, name: string): number {
    const index = this.#names.indexOf(name);
    return index === -1 ? Number.NaN : values[index]!;
  }

  pick(model: PredictionModel, values: Float64Array): Inputs {
    const plan = this.#plan(model);
    if (values.length !== this.#names.length) return { lacking: 'FeatureSetMismatch' };
    const row = new Float32Array(plan.length);
    for (let i = 0; i < plan.length; i += 1) {
      if (plan[i] === -1) return { lacking: 'FeatureSetMismatch' };
      const value = values[plan[i]!]!;
      if (Number.isNaN(value) && !model.optionalFeatures.has(model.featureNames[i]!))
        return { lacking: 'FeaturesNotReady' };
      row[i] = value;
    }
    return { row };
  }

  #plan(model: PredictionModel): Int32Array {
    let plan = this.#plans.get(model);
    if (plan === undefined) {
      plan = Int32Array.from(model.featureNames, (name) => this.#names.indexOf(name));
      this.#plans.set(model, plan);
    }
    return plan;
  }
}

/**
 * Orders features that a caller gave.
 *
 * @throws {FeaturesInvalid} Naming all that are missing, unknown or not finite. Optional features may be left out.
 */
export function orderFeatures(model: PredictionModel, given: ReadonlyMap<string, unknown>): Float32Array {
  const row = new Float32Array(model.featureNames.length);
  const missing: string[] = [];
  const notFinite: string[] = [];
  for (const [i, name] of model.featureNames.entries()) {
    const value = given.get(name);
    if (value === undefined) {
      if (model.optionalFeatures.has(name)) row[i] = Number.NaN;
      else missing.push(name);
    } else if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      notFinite.push(name);
    } else {
      row[i] = value;
    }
  }
  const known = new Set(model.featureNames);
  const unknown = [...given.keys()].filter((name) => !known.has(name));
  if (missing.length + unknown.length + notFinite.length > 0)
    throw new FeaturesInvalid(missing, unknown, notFinite);
  return row;
}

/** `sha256:<hex>` over the bytes of the inputs (little-endian, as every machine we run on). */
export function hashInputs(row: Float32Array): string {
  return `sha256:${hash('sha256', new Uint8Array(row.buffer, row.byteOffset, row.byteLength))}`;
}
