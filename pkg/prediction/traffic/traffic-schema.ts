import { z } from 'zod';

import { DEFAULT_SLO } from '../model-slo.ts';

/** Traffic as a file holds it: `models`, each as {@link ModelTraffic} has it. */
export const trafficSchema = z.strictObject({
  models: z.array(
    z.strictObject({
      model: z.string().min(1),
      symbols: z.array(z.string().min(1)).min(1),
      generation: z.int().nonnegative().default(1),
      slo: z
        .strictObject({
          latencyThresholdMs: z.number().positive(),
          latencyObjective: z.number().gt(0).lt(1),
        })
        .default(DEFAULT_SLO),
      targets: z
        .array(
          z.strictObject({
            revision: z.string().min(1),
            weight: z.int().min(0).max(100),
            isShadow: z.boolean().default(false),
            digest: z.string().optional(),
            predictors: z.array(z.string().min(1)).default([]),
          }),
        )
        .min(1)
        .refine((targets) => targets.reduce((sum, { weight }) => sum + weight, 0) === 100, {
          message: 'must have weights that add up to 100',
        })
        .refine((targets) => new Set(targets.map(({ revision }) => revision)).size === targets.length, {
          message: 'must name each revision once',
        }),
    }),
  ),
});
