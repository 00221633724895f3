import { z } from 'zod';

import { artifactSection } from '../artifact-settings.ts';
import { grpcSection, placementSection, restTimeoutMs, tracingSection } from '../settings.ts';
import { processSchema } from '../service/config.ts';

/** Configuration of the predictor process. */
export const predictorSchema = processSchema.extend({
  model: z
    .strictObject({
      uris: z
        .array(z.string().min(1))
        .min(1)
        .describe(
          'Addresses of artifacts: folder, `file:`, `pvc://claim/path`, `configmap://name`, `https:` or `s3://bucket/prefix/`, each with `#sha256:...` behind it where its digest is known; or `.onnx` files (served without verification)',
        ),
      name: z
        .string()
        .min(1)
        .optional()
        .describe('Name that a single model is served under; where absent, that of the manifest or file'),
      digest: z
        .string()
        .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
        .optional()
        .describe('Digest that the manifest of a single model must have'),
      contract: z
        .strictObject({
          featureSet: z.string().min(1).optional().describe('Feature set that the models must be made for'),
          inputs: z.int().positive().optional().describe('Number of features that the models must take'),
        })
        .prefault({}),
      threads: z.int().positive().max(64).default(1).describe('Threads of one inference call'),
      maxBatchRows: z.int().positive().max(4096).default(32).describe('Rows of one inference call at most'),
      maxQueuedRows: z
        .int()
        .positive()
        .default(4096)
        .describe('Rows of a model that may wait; more are refused with RESOURCE_EXHAUSTED'),
      restTimeoutMs,
      placement: placementSection,
    })
    .refine(({ uris, name, digest }) => uris.length === 1 || (name === undefined && digest === undefined), {
      path: ['uris'],
      message: 'must be a single address where model.name or model.digest is given',
    })
    .refine(({ uris }) => new Set(uris).size === uris.length, {
      path: ['uris'],
      message: 'must name no address twice',
    }),
  artifact: artifactSection,
  grpc: grpcSection(8001),
  tracing: tracingSection,
  drainSeconds: z
    .number()
    .positive()
    .max(15)
    .default(10)
    .describe('Time that open calls have to end after the process was asked to stop, seconds'),
});
