import { z } from 'zod';

import { decimal, mapOf, ruled, seconds, sequenceOf } from './fields.ts';
import { metricSchema } from './metrics.ts';

/** One step of a rollout: exactly one of its fields. */
export const stepSchema = ruled(
  z.strictObject({
    shadow: z
      .strictObject({
        durationSeconds: seconds.describe('How long it lasts at least.'),
        minRequests: z
          .int()
          .min(0)
          .max(1_000_000_000)
          .default(0)
          .describe('Requests that the update must have been given before the step ends.'),
      })
      .optional()
      .describe('The update gets a copy of the requests; its answers are compared and thrown away.'),
    setWeight: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe('Per cent of the symbols that the update answers for from here on.'),
    analysis: z
      .strictObject({ durationSeconds: seconds.describe('How long it lasts.') })
      .optional()
      .describe('Wait while the metrics of `analysis` are measured.'),
    pause: z
      .strictObject({
        durationSeconds: seconds
          .optional()
          .describe('How long it lasts; until `tradewind promote` when absent.'),
      })
      .optional()
      .describe('Wait, for a time or for a person.'),
  }),
  {
    rule: '[has(self.shadow), has(self.setWeight), has(self.analysis), has(self.pause)].exists_one(given, given)',
    message:
      'must have exactly one of shadow, setWeight, analysis and pause: write each as a step of its own, such as "- setWeight: 5"',
  },
);

const analysisSchema = ruled(
  z.strictObject({
    intervalSeconds: seconds.default(30).describe('Time between two measurements.'),
    onInconclusive: z
      .enum(['Pause', 'Continue', 'Abort'])
      .default('Pause')
      .describe('What happens at the end of a step whose metrics have neither succeeded nor failed.'),
    falseAlarmRate: decimal
      .default('0.05')
      .describe(
        'Probability that a revision which is as good as the stable one is aborted all the same, over the whole rollout, however often it is measured.',
      ),
    metrics: mapOf(metricSchema, 'name', 32)
      .default([])
      .describe('What the update is judged by. Without metrics nothing is judged.'),
  }),
  {
    rule: 'double(self.falseAlarmRate) > 0.0 && double(self.falseAlarmRate) <= 0.5',
    fieldPath: '.falseAlarmRate',
    message: 'must be above 0 and at most 0.5, such as "0.05"',
  },
);

/** How a new revision takes over. */
export const rolloutSpecSchema = ruled(
  z.strictObject({
    paused: z.boolean().default(false).describe('Nothing moves while it is true, aborts included.'),
    steps: sequenceOf(stepSchema, 32)
      .default([])
      .describe(
        'What happens in order, once the pods of the update are ready; afterwards it gets all traffic. Without steps it gets all traffic at once.',
      ),
    analysis: analysisSchema.prefault({}).describe('How the update is judged while it has traffic.'),
    progressDeadlineSeconds: z
      .int()
      .min(10)
      .max(2_592_000)
      .default(3600)
      .describe('Time without progress after which `onProgressDeadline` happens.'),
    onProgressDeadline: z
      .enum(['Abort', 'Pause'])
      .default('Abort')
      .describe('What happens to a rollout that makes no progress.'),
    revisionHistoryLimit: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe('Revisions that are kept to go back to.'),
  }),
  {
    rule: 'self.steps.filter(step, has(step.setWeight)).map(step, step.setWeight).isSorted()',
    fieldPath: '.steps',
    message:
      'must not lower the weight: put the setWeight steps in rising order (a failing update goes back to 0 by itself)',
  },
  {
    rule: '!self.steps.exists(step, has(step.analysis)) || self.analysis.metrics.size() > 0',
    fieldPath: '.analysis.metrics',
    message: 'must hold a metric where steps have analysis: add one, or make the steps pauses',
  },
);
