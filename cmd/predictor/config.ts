import { z } from 'zod';

import { grpcSection, placementSection, restTimeoutMs } from '../settings.ts';
import { processSchema } from '../service/config.ts';

/** Configuration of the predictor process. */
export const predictorSchema = processSchema.extend({
  model: z.strictObject({
    uris: z
      .array(z.string().min(1))
      .min(1)
      .describe('Artifact folders, or `.onnx` files (served without verification)'),
    threads: z.int().positive().max(64).default(1).describe('Threads of one inference call'),
    maxBatchRows: z.int().positive().max(4096).default(32).describe('Rows of one inference call at most'),
    maxQueuedRows: z
      .int()
      .positive()
      .default(4096)
      .describe('Rows of a model that may wait; more are refused with RESOURCE_EXHAUSTED'),
    restTimeoutMs,
    placement: placementSection,
  }),
  grpc: grpcSection(8001),
  drainSeconds: z
    .number()
    .positive()
    .max(15)
    .default(10)
    .describe('Time that open calls have to end after the process was asked to stop, seconds'),
});
