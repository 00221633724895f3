import { checkContract, sha256 } from '../artifacts/artifact.ts';
import type { Manifest } from '../artifacts/manifest.ts';
import { inspectOnnx } from '../ml/onnx/inspect.ts';
import { TradewindError } from '../runtime/errors.ts';
import { ModelSourceUnknown } from './errors.ts';
import { type ModelSource, readLocalModel } from './model-source.ts';
import { OnnxModel } from './onnx-model.ts';
import type { PlacementSettings } from './placement.ts';
import type { BatchingSettings } from './row-batcher.ts';
import type { ModelIndexEntry, ModelRepository, ServedModel } from './served-model.ts';

export interface RepositoryOptions {
  /** Brings a model here and reads it; by default from a folder or file of this machine. */
  readonly read?: (source: string) => Promise<ModelSource>;
  /** Threads within one run; default 1. */
  readonly threads?: number;
  readonly batching?: BatchingSettings;
  readonly placement?: PlacementSettings;
  /** Time without a run after which a model that was swapped out is let go of; default 30,000. */
  readonly retireIdleMs?: number;
  /** Refuses a model by throwing, before it serves: what served goes on. */
  readonly check?: (name: string, manifest: Manifest | undefined) => void;
  /** Told what serves under a name from now on, `undefined` for nothing; what served before is let go of after that. */
  readonly onServe?: (name: string, loaded: LoadedModel | undefined) => void;
  /** Told after each try to load, from where it was. */
  readonly onLoad?: (name: string, error: unknown, source: string) => void;
  /** Told of each worker thread of a model that ended by itself; it is started again. */
  readonly onWorkerLost?: (name: string, error: Error) => void;
}

/** A model that serves, with its manifest where it came as an artifact. */
export interface LoadedModel {
  readonly served: OnnxModel;
  readonly manifest: Manifest | undefined;
  /** The manifest byte for byte: its sha256 is the digest. */
  readonly manifestBytes: Buffer | undefined;
}

interface Entry {
  source: string;
  /** Lets go of what the reading of the model that serves has kept for it. */
  release: () => Promise<void>;
  loaded: LoadedModel | undefined;
  state: ModelIndexEntry['state'];
  reason: string;
  /** Ends when the load or unload before has: of two at once on one name, the later decides. */
  turn: Promise<unknown>;
}

/** Longest that a request is taken to hold a model without running it; above the deadline of any call. */
const RETIRE_IDLE_MS = 30_000;

/**
 * Models by name, each from an artifact folder or an .onnx file. A load checks everything first and only then swaps: whatever
 * fails, the revision that serves goes on serving, and calls under way end on the one that they began on.
 */
export class FileModelRepository implements ModelRepository {
  readonly #options: RepositoryOptions;
  readonly #retireIdleMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(options: RepositoryOptions = {}) {
    this.#options = options;
    this.#retireIdleMs = options.retireIdleMs ?? RETIRE_IDLE_MS;
  }

  /**
   * Makes a source known and loads it.
   *
   * @param source - Whatever `read` takes: an artifact folder, .onnx file, or address of either.
   * @param name - Name to serve under; by default from the manifest or the file.
   * @returns The name.
   */
  async add(source: string, name?: string): Promise<string> {
    const first = name === undefined ? await this.#read(source) : undefined;
    const chosen = name ?? first!.name;
    const known = this.#entries.get(chosen);
    const entry: Entry = known ?? {
      source,
      release: async () => undefined,
      loaded: undefined,
      state: 'UNKNOWN',
      reason: '',
      turn: Promise.resolve(),
    };
    this.#entries.set(chosen, entry);
    try {
      await inTurn(entry, () => this.#swap(chosen, entry, source, first));
    } catch (error) {
      // A name that never served and cannot be loaded is no model.
      if (known === undefined && entry.loaded === undefined) this.#entries.delete(chosen);
      throw error;
    }
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
      ...(loaded?.served.isReady === false
        ? { state: 'UNAVAILABLE', reason: 'its worker is started again' }
        : { state, reason }),
    }));
  }

  /** Whether a model of that name serves and can run now. */
  isReady(name: string): boolean {
    return this.#entries.get(name)?.loaded?.served.isReady ?? false;
  }

  async load(name: string): Promise<void> {
    const entry = this.#entry(name);
    await inTurn(entry, () => this.#swap(name, entry, entry.source));
  }

  async unload(name: string): Promise<void> {
    const entry = this.#entry(name);
    await inTurn(entry, async () => {
      const { loaded } = entry;
      entry.loaded = undefined;
      entry.state = 'UNAVAILABLE';
      entry.reason = 'unloaded';
      this.#options.onServe?.(name, undefined);
      loaded?.served.retire(this.#retireIdleMs);
      await this.#letGo(entry, async () => undefined);
    });
  }

  /** Lets go of every model once what runs on it has ended. */
  async close(): Promise<void> {
    for (const [name, entry] of this.#entries) {
      const { loaded } = entry;
      await this.unload(name);
      await loaded?.served.release();
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new ModelSourceUnknown(name, [...this.#entries.keys()]);
    return entry;
  }

  #read(source: string): Promise<ModelSource> {
    return (this.#options.read ?? readLocalModel)(source);
  }

  /**
   * Reads the source, opens it and then puts it in the place of what serves; the source is kept only if it opens.
   *
   * @param first - What was read of the source already.
   */
  async #swap(name: string, entry: Entry, source: string, first?: ModelSource): Promise<void> {
    const before = entry.loaded;
    if (before === undefined) entry.state = 'LOADING';
    let model = first;
    try {
      model ??= await this.#read(source);
      entry.loaded = await this.#open(name, model);
    } catch (error) {
      await model?.release();
      entry.state = before === undefined ? 'UNAVAILABLE' : 'READY';
      entry.reason = error instanceof TradewindError ? `${error.code}: ${error.message}` : 'internal error';
      this.#options.onLoad?.(name, error, source);
      throw error;
    }
    entry.source = source;
    entry.state = 'READY';
    entry.reason = '';
    this.#options.onLoad?.(name, undefined, source);
    this.#options.onServe?.(name, entry.loaded);
    before?.served.retire(this.#retireIdleMs);
    await this.#letGo(entry, model.release);
  }

  /** Lets go of what was kept for the model of before. */
  async #letGo(entry: Entry, next: Entry['release']): Promise<void> {
    const { release } = entry;
    entry.release = next;
    await release();
  }

  async #open(name: string, source: ModelSource): Promise<LoadedModel> {
    const { threads = 1, batching = {}, placement = {}, onWorkerLost, check } = this.#options;
    const common = {
      ...{ name, threads, batching, placement },
      onWorkerLost: (error: Error) => onWorkerLost?.(name, error),
    };
    if (source.kind === 'onnx') {
      const { bytes } = source;
      const graph = inspectOnnx(bytes);
      check?.(name, undefined);
      return {
        served: await OnnxModel.load({ ...common, version: '1', digest: sha256(bytes), bytes, graph }),
        manifest: undefined,
        manifestBytes: undefined,
      };
    }
    const { manifest, manifestBytes, digest, model } = source.artifact;
    const graph = inspectOnnx(model);
    checkContract(manifest, graph);
    check?.(name, manifest);
    return {
      served: await OnnxModel.load({ ...common, version: manifest.version, digest, bytes: model, graph }),
      manifest,
      manifestBytes,
    };
  }
}

/** Runs after whatever was begun on the entry before. */
function inTurn(entry: Entry, work: () => Promise<void>): Promise<void> {
  const result = entry.turn.then(work);
  entry.turn = result.catch(() => undefined);
  return result;
}
