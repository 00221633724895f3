import { checkStream, type StreamFeatures } from '../../../../pkg/artifacts/check-stream.ts';
import { ContractMismatch } from '../../../../pkg/artifacts/errors.ts';
import type { ArtifactStore } from '../../../../pkg/artifacts/fetch/artifact-store.ts';
import { ModelLoads } from '../../../../pkg/inference/model-loads.ts';
import type { PlacementSettings } from '../../../../pkg/inference/placement.ts';
import { FileModelRepository } from '../../../../pkg/inference/repository.ts';
import type { RevisionLoads, WantedRevision } from '../../../../pkg/operator/local/revision-loads.ts';
import type { PodModelState } from '../../../../pkg/operator/model-states.ts';
import type { PredictionModel } from '../../../../pkg/prediction/model-directory.ts';
import { toPredictionModel } from '../../../../pkg/prediction/models/served-model-adapter.ts';
import { systemClock } from '../../../../pkg/runtime/clock.ts';
import type { Logger } from '../../../../pkg/runtime/logger.ts';
import type { Metrics } from '../../../../pkg/runtime/metrics.ts';
import { loadUntilWarm } from '../../../predictor/load-models.ts';
import { modelReader } from '../../../service/artifacts.ts';

export interface ProcessLoadsOptions {
  /** By `spec.model.verification`. */
  readonly stores: Readonly<Record<'Enforce' | 'Off', ArtifactStore>>;
  readonly features: StreamFeatures;
  readonly placement: PlacementSettings;
  readonly retryPauseMs: number;
  readonly mendPauseMs: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

interface Loaded {
  readonly loads: ModelLoads;
  readonly repository: FileModelRepository;
  readonly ending: AbortController;
  readonly firstTry: Promise<void>;
  runner: PredictionModel | undefined;
}

/** Revisions loaded into this process, each into a repository of its own, as each has pods of its own in a cluster. */
export class ProcessLoads implements RevisionLoads {
  readonly #options: ProcessLoadsOptions;
  readonly #loaded = new Map<string, Loaded>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: ProcessLoadsOptions) {
    this.#options = options;
  }

  want(revisions: readonly WantedRevision[]): void {
    const wanted = new Set(revisions.map(({ name }) => name));
    for (const [name, loaded] of this.#loaded) if (!wanted.has(name)) this.#drop(name, loaded);
    for (const revision of revisions)
      if (!this.#loaded.has(revision.name)) this.#loaded.set(revision.name, this.#begin(revision));
  }

  stateOf(revision: string): PodModelState | undefined {
    const [load] = this.#loaded.get(revision)?.loads.snapshot() ?? [];
    if (load === undefined) return undefined;
    const { state, digest, reason, message } = load;
    return {
      state,
      // What was expected is no finding: only a manifest that was read has a digest.
      ...(digest === null || state === 'fetching' ? {} : { digest }),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  }

  runnerOf(revision: string): PredictionModel | undefined {
    return this.#loaded.get(revision)?.runner;
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#loaded.values()].map(({ firstTry }) => firstTry));
  }

  /** Lets go of every revision. */
  async close(): Promise<void> {
    this.want([]);
    await Promise.all(this.#closing);
  }

  #begin({ name, source: { model, serving } }: WantedRevision): Loaded {
    const { stores, features, placement, retryPauseMs, mendPauseMs, metrics, logger } = this.#options;
    const { uri, digest, contract, verification } = model;
    const loads = new ModelLoads([{ uri, name, digest }], systemClock);
    const ending = new AbortController();
    const read = modelReader(stores[verification], {
      ...{ signal: ending.signal, digest, expect: contract, observer: () => loads.observer(uri) },
    });
    const tried = Promise.withResolvers<void>();
    const repository = new FileModelRepository({
      ...{ threads: serving.threads, batching: { maxRows: serving.batching.maxSize }, placement },
      read: async (from) => {
        const found = await read(from);
        loads.loading(from);
        return found;
      },
      check: (of, manifest) => {
        if (manifest === undefined)
          throw new ContractMismatch(
            `model of a stream must be an artifact with a manifest, '${of}' is none`,
          );
        checkStream(of, manifest.contract, features);
      },
      onLoad: (of, error, from) => {
        metrics.modelLoads.inc({ model: of, result: error === undefined ? 'loaded' : 'failed' });
        const served = repository.loaded(of)?.served;
        if (error !== undefined) loads.failed(from, error);
        else if (served !== undefined) loads.warm(from, of, served.digest);
        // Its state is told before it is known that the try is over.
        tried.resolve();
      },
      onServe: (_, now) => {
        loaded.runner = now?.manifest === undefined ? undefined : toPredictionModel(now.served, now.manifest);
      },
      onWorkerLost: (of, err) => logger.warn({ err, model: of }, 'worker of a model ended'),
    });
    const loaded: Loaded = { loads, repository, ending, firstTry: tried.promise, runner: undefined };
    void loadUntilWarm(uri, name, {
      ...{ repository, loads, retryPauseMs, mendPauseMs, logger, signal: ending.signal },
    }).finally(() => tried.resolve());
    return loaded;
  }

  #drop(name: string, { ending, repository }: Loaded): void {
    this.#loaded.delete(name);
    ending.abort();
    const closing = repository
      .close()
      .catch((error: unknown) =>
        this.#options.logger.warn({ err: error, revision: name }, 'model could not be let go of'),
      )
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
