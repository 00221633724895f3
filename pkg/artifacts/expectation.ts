import { ContractMismatch } from './errors.ts';
import type { Manifest } from './manifest.ts';

/** What whoever deploys a model knows of its contract. */
export interface ContractExpectation {
  readonly featureSet?: string | undefined;
  /** Number of features that the model takes. */
  readonly inputs?: number | undefined;
}

/** Holds a manifest against what was expected of it. @throws {ContractMismatch} */
export function checkExpectation(
  expected: ContractExpectation | undefined,
  { name, contract }: Manifest,
): void {
  const { featureSet, inputs } = expected ?? {};
  if (featureSet !== undefined && featureSet !== contract.featureSet)
    throw new ContractMismatch(
      `model '${name}' must take features of ${featureSet}, takes those of ${contract.featureSet}`,
    );
  if (inputs !== undefined && inputs !== contract.features.length)
    throw new ContractMismatch(
      `model '${name}' must take ${inputs} features, takes ${contract.features.length}`,
    );
}
