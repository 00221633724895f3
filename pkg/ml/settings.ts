import { z } from 'zod';
import { TrainingSettingsInvalid } from './errors.ts';

const positive = z.number().positive();
const share = z.number().gt(0).lte(1);

const trees = z.strictObject({
  rounds: z.int().min(1).max(2000),
  maxDepth: z.int().min(1).max(12),
  learningRate: share,
  subsample: share,
  columnShare: share,
  minChildWeight: z.number().nonnegative(),
  l2: z.number().nonnegative(),
});

const settingsSchema = z.strictObject({
  label: z.strictObject({
    kind: z.enum(['next-return', 'next-mid-move', 'triple-barrier']).default('next-return'),
    horizonBars: z.int().min(1).max(100_000).default(1),
    costBps: z.number().nonnegative().lt(10_000).default(0),
    upSigmas: positive.default(1),
    downSigmas: positive.default(1),
    sigmaBars: z.int().min(2).default(20),
  }),
  /** Walk-forward folds. */
  folds: z.int().min(2).max(50).default(5),
  /** Bars kept free between training rows and any held-out block, beside the purge. */
  embargoBars: z.int().nonnegative().default(0),
  seed: z.int().min(0).max(2_147_483_647).default(1),
  /** Threads of XGBoost; part of the result, since sums depend on how they are split. */
  threads: z.int().min(1).max(64).default(2),
  /** Bins of the histogram that splits are sought in. */
  maxBins: z.int().min(8).max(1024).default(64),
  members: z
    .strictObject({
      boosted: trees.prefault({
        rounds: 100,
        maxDepth: 4,
        learningRate: 0.05,
        subsample: 0.8,
        columnShare: 0.8,
        minChildWeight: 10,
        l2: 1,
      }),
      dart: trees.extend({ dropRate: z.number().gt(0).lt(1), skipDrop: z.number().min(0).lt(1) }).prefault({
        rounds: 50,
        maxDepth: 3,
        learningRate: 0.1,
        subsample: 0.8,
        columnShare: 0.6,
        minChildWeight: 10,
        l2: 1,
        dropRate: 0.1,
        skipDrop: 0.5,
      }),
      forest: trees
        .omit({ rounds: true, learningRate: true })
        .extend({ trees: z.int().min(1).max(2000) })
        .prefault({
          trees: 100,
          maxDepth: 7,
          subsample: 0.63,
          columnShare: 0.4,
          minChildWeight: 10,
          l2: 1,
        }),
      linear: z
        .strictObject({
          /** Ridge penalty per row on the weights of standardised features. */
          l2: positive,
        })
        .prefault({ l2: 1e-3 }),
      network: z
        .strictObject({
          hidden: z.array(z.int().min(1).max(256)).min(1).max(4),
          epochs: z.int().min(1).max(500),
          batchRows: z.int().min(1).max(65_536),
          learningRate: positive,
          weightDecay: z.number().nonnegative(),
          /** Epochs without a better early-stopping loss before training ends. */
          patience: z.int().min(1),
        })
        .prefault({
          hidden: [24, 12],
          epochs: 12,
          batchRows: 256,
          learningRate: 2e-3,
          weightDecay: 1e-4,
          patience: 2,
        }),
    })
    .prefault({}),
  /** Shuffles of the permutation test. */
  permutations: z.int().min(19).max(100_000).default(499),
  /** The back-test is long above 0.5 + band and short below 0.5 - band. */
  tradeBand: z.number().min(0).lt(0.5).default(0.05),
});

/** Everything that decides what a training run makes, beside the data. Defaults suit 5,000 to 200,000 rows. */
export type TrainingSettings = z.infer<typeof settingsSchema>;

/** What may be given; the rest is filled in. */
export type TrainingSettingsInput = z.input<typeof settingsSchema>;

/**
 * Checks settings and fills in what is not given. A member that is given is given whole.
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
