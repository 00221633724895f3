import { z } from 'zod';

import { artifactSection } from '../../artifact-settings.ts';
import {
  featuresSection,
  grpcSection,
  listenSection,
  logSection,
  predictionSection,
  placementSection,
  restTimeoutMs,
  simulatorSection,
  sourceSection,
  threads,
  tracingSection,
} from '../../settings.ts';

/** Configuration of `tradewind up`. Every key has a default; durations and sizes carry their unit in the name. */
export const upConfigSchema = z.strictObject({
  source: sourceSection,
  simulator: simulatorSection,
  features: featuresSection,
  model: z
    .strictObject({
      dir: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Artifact to serve, a folder or an address; where absent, one is trained at the first start',
        ),
      train: z.boolean().default(true).describe('Whether to train a model where there is none'),
      trainShare: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.5)
        .describe('Share of a recording that the model is trained on; predictions start after it'),
      horizonBars: z.int().positive().default(5),
      folds: z.int().min(2).max(20).default(5),
      costBps: z.number().nonnegative().default(0),
      seed: z.int().nonnegative().default(7),
      threads,
      restTimeoutMs,
      placement: placementSection,
    })
    .prefault({}),
  artifact: artifactSection,
  prediction: predictionSection,
  history: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Keep history in the embedded ClickHouse engine'),
      checkpointSeconds: z
        .number()
        .positive()
        .max(3600)
        .default(5)
        .describe('Time between checkpoints, seconds: what a crash at most repeats'),
    })
    .prefault({}),
  data: z.string().min(1).default('.tradewind').describe('Folder of all that is kept'),
  grpc: grpcSection(50_051),
  http: listenSection(8080),
  log: logSection,
  tracing: tracingSection,
});

export type UpConfig = z.infer<typeof upConfigSchema>;
