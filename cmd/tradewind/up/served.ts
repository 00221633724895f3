import { checkStream, type StreamFeatures } from '../../../pkg/artifacts/check-stream.ts';
import { ContractMismatch } from '../../../pkg/artifacts/errors.ts';
import type { FileModelRepository } from '../../../pkg/inference/repository.ts';
import { ModelDirectory } from '../../../pkg/prediction/model-directory.ts';
import { toPredictionModel } from '../../../pkg/prediction/models/served-model-adapter.ts';
import { modelVerdict, verdictLines } from '../model-verdict.ts';
import { type ModelsOptions, openRepository } from '../../service/models.ts';
import type { UpSummary } from './summary.ts';

/**
 * The models of this process: what runs them, and where predictions find them. Predictions follow whatever is loaded or unloaded, by
 * whom it may be; what does not fit the stream is refused.
 */
export class ServedModels {
  readonly repository: FileModelRepository;
  readonly directory = new ModelDirectory();

  /** @param features - Those of the stream. */
  constructor(options: ModelsOptions, features: StreamFeatures) {
    this.repository = openRepository({
      ...options,
      settings: {
        ...options.settings,
        check: (name, manifest) => {
          if (manifest === undefined)
            throw new ContractMismatch(
              `model of a stream must be an artifact with a manifest, '${name}' is none`,
            );
          checkStream(name, manifest.contract, features);
        },
        onServe: (name, loaded) => {
          if (loaded?.manifest === undefined) this.directory.remove(name);
          else this.directory.put(toPredictionModel(loaded.served, loaded.manifest));
        },
      },
    });
  }

  /** Loads an artifact. @returns What there is to say of it, a line each. @throws {ContractMismatch} It does not fit the stream. */
  async serve(directory: string): Promise<readonly string[]> {
    const name = await this.repository.add(directory);
    const { served, manifest } = this.repository.loaded(name)!;
    return [`${name} ${served.version}`, ...verdictLines(directory, modelVerdict(manifest!))];
  }

  /** What is served, for the closing summary; null where nothing is. */
  summary(): UpSummary['model'] {
    const name = this.repository.index().find(({ state }) => state === 'READY')?.name;
    const loaded = name === undefined ? undefined : this.repository.loaded(name);
    if (loaded?.manifest === undefined) return null;
    const { served, manifest } = loaded;
    const { version, digest } = served;
    return { name: served.name, version, digest, ...modelVerdict(manifest) };
  }
}
