import { z } from 'zod';
import { TrainingSettingsInvalid } from './errors.ts';

const positive = z.number().positive();
const share = z.number().gt(0).lte(1);

const count = z.int().min(1).max(2000);

/** How one tree grows; the names of XGBoost are max_depth, subsample, colsample, min_child_weight and lambda. */
const growth = (maxDepth: number, subsample: number, columnShare: number) => ({
  maxDepth: z.int().min(1).max(12).default(maxDepth),
  /** Share of the rows, and of the columns, that a tree (in the forest: a node) may use. */
  subsample: share.default(subsample),
  columnShare: share.default(columnShare),
  minChildWeight: z.number().nonnegative().default(10),
  l2: z.number().nonnegative().default(1),
});

const settingsSchema = z.strictObject({
  label: z
    .strictObject({
      kind: z.enum(['next-return', 'next-mid-move', 'triple-barrier']).default('next-return'),
      horizonBars: z.int().min(1).max(100_000).default(1),
      costBps: z.number().nonnegative().lt(10_000).default(0),
      upSigmas: positive.default(1),
      downSigmas: positive.default(1),
      sigmaBars: z.int().min(2).default(20),
    })
    .prefault({}),
  /** Walk-forward folds. */
  folds: z.int().min(2).max(50).default(5),
  /** Bars kept free between training rows and any held-out block, beside the purge. */
  embargoBars: z.int().nonnegative().default(10),
  seed: z.int().min(0).max(2_147_483_647).default(7),
  /** Most threads of XGBoost; part of the result, since sums depend on how they are split. */
  threads: z.int().min(1).max(64).default(2),
  /** Bins of the histogram that splits are sought in. */
  maxBins: z.int().min(8).max(1024).default(64),
  members: z
    .strictObject({
      boosted: z
        .strictObject({
          rounds: count.default(100),
          learningRate: share.default(0.05),
          ...growth(4, 0.8, 0.8),
        })
        .prefault({}),
      dart: z
        .strictObject({
          /** Each round answers again for all trees before it: the time grows with the square. */
          rounds: count.default(50),
          learningRate: share.default(0.1),
          /** Share of the trees dropped in a round, and the probability that a round drops none. */
          dropRate: z.number().gt(0).lt(1).default(0.1),
          skipDrop: z.number().min(0).lt(1).default(0.5),
          ...growth(3, 0.8, 0.6),
        })
        .prefault({}),
      forest: z.strictObject({ trees: count.default(100), ...growth(7, 0.63, 0.4) }).prefault({}),
      linear: z
        .strictObject({
          /** Ridge penalty on the weights of standardised features, beside the mean log loss. */
          l2: positive.default(1e-3),
        })
        .prefault({}),
      network: z
        .strictObject({
          hidden: z.array(z.int().min(1).max(256)).min(1).max(4).default([24, 12]),
          epochs: z.int().min(1).max(500).default(12),
          batchRows: z.int().min(1).max(65_536).default(256),
          learningRate: positive.default(2e-3),
          weightDecay: z.number().nonnegative().default(1e-4),
          /** Epochs without a better early-stopping loss before training ends. */
          patience: z.int().min(1).default(2),
        })
        .prefault({}),
    })
    .prefault({}),
  /** Shuffles of the permutation test. */
  permutations: z.int().min(19).max(100_000).default(499),
  /** The back-test is long above 0.5 + band and short below 0.5 - band. */
  tradeBand: z.number().min(0).lt(0.5).default(0.05),
});

/** Everything that decides what a training run makes, beside the data. Defaults suit 5,000 to 200,000 rows. */
export type TrainingSettings = z.infer<typeof settingsSchema>;
/** Any part of them, as a configuration file says it. */
export type TrainingSettingsInput = z.input<typeof settingsSchema>;

/**
 * Checks settings and fills in what is not given.
 *
 * @param input - Any part of `TrainingSettings`.
 *
 * @throws {TrainingSettingsInvalid} With every fault at once.
 */
export function parseTrainingSettings(input: unknown): TrainingSettings {
  const parsed = settingsSchema.safeParse(input);
  if (!parsed.success) {
    throw new TrainingSettingsInvalid(
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    );
  }
  return parsed.data;
}
