import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { TrainingJob } from '../../../pkg/training/training-job.ts';
import { runTrainer, type TrainerOptions } from '../trainer.ts';
import type { UpConfig } from './config.ts';
import type { Stream } from './stream.ts';

/** Finds or makes the model of a stream. */
export class StreamModels {
  readonly #config: UpConfig;
  readonly #stream: Stream;

  constructor(config: UpConfig, stream: Stream) {
    this.#config = config;
    this.#stream = stream;
  }

  /** @returns Folder of the newest model that was trained on this stream. */
  async find(): Promise<string | undefined> {
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
      bar: this.#stream.bar,
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
}
