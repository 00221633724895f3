import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { type Artifact, checkContract, localPath, readArtifact, sha256 } from '../artifacts/artifact.ts';
import { ArtifactNotFound } from '../artifacts/errors.ts';
import type { Manifest } from '../artifacts/manifest.ts';
import { inspectOnnx } from '../ml/onnx/inspect.ts';
import { TradewindError } from '../runtime/errors.ts';
import { ModelSourceUnknown } from './errors.ts';
import { OnnxModel } from './onnx-model.ts';
import type { BatchingSettings } from './row-batcher.ts';
import type { ModelIndexEntry, ModelRepository, ServedModel } from './served-model.ts';

export interface RepositoryOptions {
  /** Threads within one run; default 1. */
  readonly threads?: number;
  readonly batching?: BatchingSettings;
  /** Told after each try to load. */
  readonly onLoad?: (name: string, error: unknown) => void;
}

/** A model that serves, with its manifest where it came as an artifact. */
export interface LoadedModel {
  readonly served: OnnxModel;
  readonly manifest: Manifest | undefined;
}

interface Entry {
  source: string;
  loaded: LoadedModel | undefined;
  state: ModelIndexEntry['state'];
  reason: string;
}

/**
 * Models by name, each from an artifact folder or an .onnx file. A load checks everything first and only then swaps: whatever
 * fails, the revision that serves goes on serving, and calls under way end on the one that they began on.
 */
export class FileModelRepository implements ModelRepository {
  readonly #options: RepositoryOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: RepositoryOptions = {}) {
    this.#options = options;
  }

  /**
   * Makes a source known and loads it.
   *
   * @param source - Artifact folder, .onnx file, or `file:` address of either.
   * @param name - Name to serve under; by default from the manifest or the file.
   * @returns The name.
   */
  async add(source: string, name?: string): Promise<string> {
    const path = localPath(source);
    const chosen = name ?? (await defaultName(path));
    const entry = this.#entries.get(chosen);
    if (entry === undefined)
      this.#entries.set(chosen, { source: path, loaded: undefined, state: 'UNKNOWN', reason: '' });
    else entry.source = path;
    await this.load(chosen);
    return chosen;
  }

  get(name: string, version = ''): ServedModel | undefined {
    const loaded = this.#entries.get(name)?.loaded?.served;
    return version === '' || loaded?.version === version ? loaded : undefined;
  }

  /** The model with its manifest. */
  loaded(name: string): LoadedModel | undefined {
    return this.#entries.get(name)?.loaded;
  }

  index(): readonly ModelIndexEntry[] {
    return [...this.#entries].map(([name, { loaded, state, reason }]) => ({
      name,
      version: loaded?.served.version ?? '',
      state,
      reason,
    }));
  }

  async load(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new ModelSourceUnknown(name, [...this.#entries.keys()]);
    const before = entry.loaded;
    if (before === undefined) entry.state = 'LOADING';
    try {
      entry.loaded = await this.#open(name, entry.source);
      entry.state = 'READY';
      entry.reason = '';
    } catch (error) {
      entry.state = before === undefined ? 'UNAVAILABLE' : 'READY';
      entry.reason = error instanceof TradewindError ? `${error.code}: ${error.message}` : 'internal error';
      this.#options.onLoad?.(name, error);
      throw error;
    }
    this.#options.onLoad?.(name, undefined);
    await before?.served.release();
  }

  async unload(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new ModelSourceUnknown(name, [...this.#entries.keys()]);
    const { loaded } = entry;
    entry.loaded = undefined;
    entry.state = 'UNAVAILABLE';
    entry.reason = 'unloaded';
    await loaded?.served.release();
  }

  /** Lets go of every model. */
  async close(): Promise<void> {
    for (const [name, { loaded }] of this.#entries) if (loaded !== undefined) await this.unload(name);
  }

  async #open(name: string, path: string): Promise<LoadedModel> {
    const { threads = 1, batching } = this.#options;
    const common = { name, threads, ...(batching === undefined ? {} : { batching }) };
    if (path.endsWith('.onnx')) {
      const bytes = await readModelFile(path);
      const graph = inspectOnnx(bytes);
      return {
        served: await OnnxModel.load({ ...common, version: '1', digest: sha256(bytes), bytes, graph }),
        manifest: undefined,
      };
    }
    const artifact: Artifact = await readArtifact(path);
    const { manifest, digest, model } = artifact;
    const graph = inspectOnnx(model);
    checkContract(manifest, graph);
    return {
      served: await OnnxModel.load({ ...common, version: manifest.version, digest, bytes: model, graph }),
      manifest,
    };
  }
}

async function defaultName(path: string): Promise<string> {
  return path.endsWith('.onnx') ? basename(path, '.onnx') : (await readArtifact(path)).manifest.name;
}

async function readModelFile(path: string): Promise<Buffer> {
  try {
    if (!(await stat(path)).isFile()) throw new ArtifactNotFound(path);
    return await readFile(path);
  } catch (error) {
    throw error instanceof ArtifactNotFound ? error : new ArtifactNotFound(path, error);
  }
}
