import { z } from 'zod';

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits');
/** No folder, and none of the two files that are about the others. */
const FILE_NAME = /^(?!\.{1,2}$)(?!manifest\.json(\.sig)?$)[A-Za-z0-9._-]{1,128}$/;
const timeUs = z.int().nonnegative();

/** Element types that Tradewind models use on their inputs and outputs. */
const tensor = z.strictObject({
  name: z.string().min(1),
  datatype: z.enum(['FP32', 'FP64', 'INT64', 'INT32', 'BOOL']),
  /** -1 marks the batch dimension. */
  shape: z.array(z.int().min(-1)).min(1),
});

/**
 * `manifest.json` of an artifact: what the model is, what it was made from, and the digest of every file.
 * The digest of the manifest itself is the identity of the model.
 */
export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, 'must be a DNS-1123 label or subdomain'),
  /** Day of the newest label and the start of the data's digest, never the wall clock: the same data, the same version. */
  version: z.string().min(1).max(63),
  contract: z.strictObject({
    featureSet: z.string().min(1),
    /** Bar clock that the features were computed on, e.g. `time:1000`. */
    bar: z.string().min(1),
    features: z.array(z.string().min(1)).min(1),
    /** Those of the features that may be absent (NaN): they were absent in some of the training rows. */
    optionalFeatures: z.array(z.string().min(1)),
    inputs: z.array(tensor).min(1),
    outputs: z.array(tensor).min(1),
  }),
  members: z.array(z.strictObject({ name: z.string().min(1), kind: z.string().min(1) })),
  /** What the model predicts, whole: by it the predictions are held against what came. */
  label: z.strictObject({
    kind: z.enum(['next-return', 'next-mid-move', 'triple-barrier']),
    horizonBars: z.int().positive(),
    costBps: z.number().nonnegative(),
    /** Of the triple barrier; the defaults are those of artifacts that do not say. */
    upSigmas: z.number().positive().default(1),
    downSigmas: z.number().positive().default(1),
    sigmaBars: z.int().min(2).default(20),
  }),
  training: z.strictObject({
    fromTimeUs: timeUs,
    toTimeUs: timeUs,
    rows: z.int().nonnegative(),
    symbols: z.array(z.string().min(1)),
    /** sha256 over the float32 training matrix, labels and times, in order. */
    dataDigest: sha256,
    seed: z.int().nonnegative(),
    folds: z.int().positive(),
    /** Of artifacts of before; rows are purged by the intervals of their labels, however many bars these are. */
    purgeBars: z.int().nonnegative().optional(),
    embargoBars: z.int().nonnegative(),
  }),
  /** Pooled out-of-sample metrics, by name as in the report; null where a metric is not defined. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** What a reader of the metrics must know, as in the report, each one sentence; absent where that was not kept. */
  warnings: z.array(z.string().min(1)).optional(),
  /** Gain importance by feature, summing to 1 over the tree members; empty where there are none. */
  importance: z.record(z.string(), z.number().nonnegative()),
  /** By feature: the nine bounds between the tenths of its training data, ascending; absent in artifacts of before. */
  featureDeciles: z.record(z.string(), z.array(z.number()).length(9)).optional(),
  codeVersion: z.string().min(1),
  /** Every file of the artifact but the manifest itself. */
  files: z
    .array(
      z.strictObject({
        path: z.string().regex(FILE_NAME, 'must be the name of a file beside manifest.json'),
        bytes: z.int().nonnegative(),
        sha256,
      }),
    )
    .min(1)
    .max(100)
    .refine(
      (files) => new Set(files.map(({ path }) => path)).size === files.length,
      'must name no file twice',
    ),
});

export type Manifest = z.infer<typeof manifestSchema>;
/** A manifest as it is written: the files are named by the one who writes them. */
export type NewManifest = Omit<z.input<typeof manifestSchema>, 'files'>;
export type TensorSpec = z.infer<typeof tensor>;
