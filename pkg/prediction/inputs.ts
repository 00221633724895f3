import { hash } from 'node:crypto';

import { type FeatureFaults, FeaturesInvalid, RequestInvalid } from './errors.ts';
import type { PredictionModel } from './model-directory.ts';

const MAX_SYMBOL_LENGTH = 64;

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
      // An infinity, or what overflows float32, is as little of a value as NaN is.
      const isReady = Number.isFinite(Math.fround(value));
      const isAllowed = Number.isNaN(value) && model.optionalFeatures.has(model.featureNames[i]!);
      if (!isReady && !isAllowed) return { lacking: 'FeaturesNotReady' };
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
 * @returns Shape [f], the order of the model; an optional feature that was left out, or is null, is NaN.
 * @throws {FeaturesInvalid} Naming what is missing, unknown or not finite (as float32) in one go.
 */
export function orderFeatures(model: PredictionModel, given: ReadonlyMap<string, unknown>): Float32Array {
  const names = model.featureNames;
  const row = new Float32Array(names.length);
  let isGood = true;
  let found = 0;
  for (let i = 0; i < names.length; i += 1) {
    const value = given.get(names[i]!);
    if (typeof value === 'number' && Number.isFinite(Math.fround(value))) {
      row[i] = value;
      found += 1;
    } else if (isAbsent(value) && model.optionalFeatures.has(names[i]!)) {
      row[i] = Number.NaN;
      if (value === null) found += 1;
    } else isGood = false;
  }
  if (!isGood || found !== given.size) throw new FeaturesInvalid(faultsOf(model, given));
  return row;
}

/** As JSON says it, or by leaving it out. */
const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

function faultsOf(model: PredictionModel, given: ReadonlyMap<string, unknown>): FeatureFaults {
  const known = new Set(model.featureNames);
  return {
    missing: model.featureNames.filter(
      (name) => isAbsent(given.get(name)) && !model.optionalFeatures.has(name),
    ),
    unknown: [...given.keys()].filter((name) => !known.has(name)),
    notFinite: model.featureNames.filter((name) => {
      const value = given.get(name);
      return !isAbsent(value) && !(typeof value === 'number' && Number.isFinite(Math.fround(value)));
    }),
  };
}

/** `sha256:<hex>` over the bytes of the inputs (little-endian, as every machine we run on). */
export function hashInputs(row: Float32Array): string {
  return `sha256:${hash('sha256', new Uint8Array(row.buffer, row.byteOffset, row.byteLength))}`;
}

/** @throws {RequestInvalid} A symbol that is empty or longer than any venue has. */
export function checkSymbol(symbol: string): void {
  if (symbol.length === 0 || symbol.length > MAX_SYMBOL_LENGTH) {
    throw new RequestInvalid(`symbol must have 1 to ${MAX_SYMBOL_LENGTH} characters, had ${symbol.length}`);
  }
}
