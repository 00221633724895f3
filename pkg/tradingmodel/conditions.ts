import { z } from 'zod';

import { timestamp } from './fields.ts';

/** A condition as every tool for Kubernetes reads it, with the types that a resource has. */
export function conditionSchema<const Types extends readonly [string, ...string[]]>(types: Types) {
  return z.strictObject({
    type: z.enum(types).describe(`Which condition: ${types.join(', ')}.`),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds: `True`, `False` or `Unknown`.'),
    reason: z.string().max(1024).describe('Why, as one word for programs.'),
    message: z.string().max(32_768).describe('Why, in words.'),
    observedGeneration: z
      .int()
      .min(0)
      .describe('`metadata.generation` of the object that the condition was made from.'),
    lastTransitionTime: timestamp.describe('When `status` last changed.'),
  });
}
