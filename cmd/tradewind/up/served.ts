import { ContractMismatch } from '../../../pkg/artifacts/errors.ts';
import type { FileModelRepository } from '../../../pkg/inference/repository.ts';
import { ModelDirectory } from '../../../pkg/prediction/model-directory.ts';
import { toPredictionModel } from '../../../pkg/prediction/served-model-adapter.ts';

/** The models of this process: what runs them, and where predictions find them. */
export class ServedModels {
  readonly repository: FileModelRepository;
  readonly directory = new ModelDirectory();

  constructor(repository: FileModelRepository) {
    this.repository = repository;
  }

  /** Loads an artifact and makes predictions use it. @returns One line about it. */
  async serve(directory: string): Promise<string> {
    const name = await this.repository.add(directory);
    const { served, manifest } = this.repository.loaded(name)!;
    if (manifest === undefined) {
      throw new ContractMismatch(`model of a stream must be an artifact with a manifest, was '${directory}'`);
    }
    this.directory.put(toPredictionModel(served, manifest));
    const { accuracy, baseRate, pValue } = manifest.metrics;
    const number = (value: number | null | undefined): string =>
      typeof value === 'number' ? value.toFixed(3) : '-';
    return `${name} ${served.version}, out of sample: accuracy ${number(accuracy)}, base rate ${number(baseRate)}, p ${number(pValue)}`;
  }
}
