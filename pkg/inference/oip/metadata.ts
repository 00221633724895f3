import type { ModelRepository, ServedModel } from '../served-model.ts';
import { ModelNotFound } from './errors.ts';

/** Name of the server in its metadata. */
export const SERVER_NAME = 'tradewind';

/** Extensions of the protocol that are spoken here. */
export const EXTENSIONS: readonly string[] = ['model_repository', 'binary_tensor_data'];

/** Platform of every model that is served here. */
export const PLATFORM = 'onnxruntime_onnx';

/** Versions of a model that are ready; its own alone where the index has none. */
export function readyVersions(repository: ModelRepository, model: ServedModel): readonly string[] {
  const versions = repository
    .index()
    .filter((entry) => entry.name === model.name && entry.state === 'READY')
    .map((entry) => entry.version);
  return versions.length === 0 ? [model.version] : versions;
}

/** True when at least one model is ready. */
export function isAnyReady(repository: ModelRepository): boolean {
  return repository.index().some((entry) => entry.state === 'READY');
}

/**
 * True when the model serves.
 *
 * @throws {ModelNotFound} The repository does not know it at all.
 */
export function isModelReady(repository: ModelRepository, name: string, version: string): boolean {
  const entries = repository
    .index()
    .filter((entry) => entry.name === name && (version === '' || entry.version === version));
  if (entries.length === 0) throw new ModelNotFound(name, version);
  return entries.some((entry) => entry.state === 'READY');
}
