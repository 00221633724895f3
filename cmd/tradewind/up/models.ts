import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { FileModelRepository } from '../../../pkg/inference/repository.ts';
import type { TrainingJob } from '../../../pkg/training/training-job.ts';
import type { ModelDirectory } from '../../../pkg/prediction/model-directory.ts';
import { toPredictionModel } from '../../../pkg/prediction/served-model-adapter.ts';
import { ContractMismatch } from '../../../pkg/artifacts/errors.ts';
import { runTrainer, type TrainerOptions } from '../trainer.ts';
import type { UpConfig } from './config.ts';
import type { Stream } from './stream.ts';

/** Finds or makes the model of a stream and puts it where predictions find it. */
export class StreamModels {
  readonly #config: UpConfig;
  readonly #stream: Stream;
  readonly #repository: FileModelRepository;
  readonly #directory: ModelDirectory;

  constructor(config: UpConfig, stream: Stream, repository: FileModelRepository, directory: ModelDirectory) {
    this.#config = config;
    this.#stream = stream;
    this.#repository = repository;
    this.#directory = directory;
  }

  /** @returns Folder of the model to serve: the one configured, or the newest that was trained on this stream. */
  async find(): Promise<string | undefined> {
    const { dir } = this.#config.model;
    if (dir !== undefined) return dir;
    const root = join(this.#stream.directory, 'models');
    if (!existsSync(root)) return undefined;
    const folders = await Promise.all(
      (await readdir(root))
        .filter((name) => !name.startsWith('.'))
        .map(async (name) => ({ path: join(root, name), madeMs: (await stat(join(root, name))).mtimeMs })),
    );
    return folders.sort((a, b) => b.madeMs - a.madeMs)[0]?.path;
  }

  /** Trains a model on the stream's past. @returns Its folder. */
  async train(options: TrainerOptions): Promise<string> {
    const { features, model } = this.#config;
    const outDir = join(this.#stream.directory, 'models', `model-${Date.now()}`);
    const job: TrainingJob = {
      inputs: [this.#stream.trainingInput],
      featureSets: features.sets,
      bar: features.bar,
      lookbacks: features.lookbacks,
      allowedLatenessMs: features.allowedLatenessMs,
      trainShare: this.#stream.trainShare,
      settings: {
        label: { horizonBars: model.horizonBars, costBps: model.costBps },
        folds: model.folds,
        embargoBars: model.horizonBars,
        seed: model.seed,
      },
      name: 'direction',
      outDir,
    };
    await runTrainer(job, options);
    return outDir;
  }

  /** Loads an artifact and makes predictions use it. @returns One line about it. */
  async serve(directory: string): Promise<string> {
    const name = await this.#repository.add(directory);
    const { served, manifest } = this.#repository.loaded(name)!;
    if (manifest === undefined) {
      throw new ContractMismatch(`model of a stream must be an artifact with a manifest, was '${directory}'`);
    }
    this.#directory.put(toPredictionModel(served, manifest));
    const { accuracy, baseRate, pValue } = manifest.metrics;
    const number = (value: number | null | undefined): string =>
      typeof value === 'number' ? value.toFixed(3) : '-';
    return `${name} ${served.version}, out of sample: accuracy ${number(accuracy)}, base rate ${number(baseRate)}, p ${number(pValue)}`;
  }
}
