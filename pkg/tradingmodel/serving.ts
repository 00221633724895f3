import { z } from 'zod';

import { ruled, text } from './fields.ts';

const quantity = (what: string): z.ZodOptional<z.ZodString> =>
  text(
    /^[0-9]{1,12}(\.[0-9]{1,9})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/,
    'must be a quantity as a string, such as "500m", "2" or "512Mi"',
    24,
  )
    .optional()
    .describe(what);

const cpu = quantity('Processors: "2", or "500m" for half of one.');
const memory = quantity('Memory in bytes: "512Mi", "2Gi".');
const storage = quantity('Disk for files that go with the pod, in bytes: "1Gi".');

const quantitiesSchema = z.strictObject({ cpu, memory, 'ephemeral-storage': storage });

const atLeastRequest = (name: string): { rule: string; message: string; fieldPath: string } => ({
  rule: `!has(self.limits.${name}) || !has(self.requests.${name}) || quantity(self.limits.${name}).compareTo(quantity(self.requests.${name})) >= 0`,
  fieldPath: `.limits.${name}`,
  message: `must be at least requests.${name}: raise the limit or lower the request`,
});

const resourcesSchema = ruled(
  z.strictObject({
    requests: quantitiesSchema
      .prefault({})
      .describe('What each pod is sure to have; the scheduler counts with it.'),
    limits: quantitiesSchema.prefault({}).describe('What each pod has at most.'),
  }),
  atLeastRequest('cpu'),
  atLeastRequest('memory'),
);

/** How a revision is run. */
export const servingSchema = ruled(
  z.strictObject({
    image: text(/^[^\s]+$/, 'must be the name of an image without spaces', 512)
      .min(1)
      .optional()
      .describe("Image of the predictor's pods; that of the controller when absent."),
    minReplicas: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe('Pods of a revision that serves. `kubectl scale` writes it.'),
    maxReplicas: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Pods of a revision at most; when above `minReplicas`, an autoscaler works between the two.'),
    targetInFlight: z
      .int()
      .min(1)
      .max(4096)
      .optional()
      .describe(
        'Requests at a time that a pod should have, which the autoscaler aims at; the cluster needs an adapter of custom metrics for it. When absent, the autoscaler aims at 75 % of `resources.requests.cpu`.',
      ),
    threads: z.int().min(1).max(64).default(1).describe('Threads that one run of the model may use.'),
    batching: z
      .strictObject({
        maxSize: z.int().min(1).max(4096).default(32).describe('Rows of one run at most.'),
      })
      .prefault({})
      .describe('How requests are gathered into one run.'),
    resources: resourcesSchema.prefault({}).describe('Processor, memory and disk of each pod.'),
  }),
  {
    rule: '!has(self.maxReplicas) || self.maxReplicas >= self.minReplicas',
    fieldPath: '.maxReplicas',
    message: 'must be at least minReplicas: raise it, or leave it out for a fixed number of pods',
  },
  {
    rule: '!has(self.maxReplicas) || self.maxReplicas <= self.minReplicas || has(self.targetInFlight) || has(self.resources.requests.cpu)',
    fieldPath: '.maxReplicas',
    message:
      'must come with resources.requests.cpu, or targetInFlight, for the autoscaler to aim at: add one, or leave maxReplicas out',
  },
);
