import { z } from 'zod';

import { conditionSchema } from './conditions.ts';
import { mapOf, type ReadOnly, setOf, timestamp } from './fields.ts';

/*
 * What the controller says about a TradingModel. The schema of the custom resource takes types and descriptions from here but no
 * bounds and no lists of values: a controller that is newer than the installed definition must be able to write its status.
 */

const count = z.int().min(0);

const failureSchema = z.strictObject({
  reason: z.string().describe('Stable code of the error, such as `DigestMismatch`.'),
  message: z.string().describe('What must be, then what was.'),
  pod: z.string().optional().describe('Pod that told it.'),
  time: timestamp.describe('When it was seen.'),
});

const revisionSchema = z.strictObject({
  name: z.string().describe('Name of the revision and of the objects that belong to it.'),
  number: count.describe('Counts up over the life of the object; `undo --to-revision` names it.'),
  version: z.string().describe('`model.version` of the revision.'),
  digest: z.string().optional().describe('`model.digest` of the revision.'),
  role: z
    .enum(['stable', 'update', 'kept'])
    .describe(
      'What the revision is to its model: `stable` answers, `update` is being rolled out, `kept` serves nothing and can be gone back to.',
    ),
  weight: count.describe('Per cent of the traffic that it answers.'),
  isShadow: z.boolean().optional().describe('Whether it gets copies of requests.'),
  replicas: count.describe('Pods that there are.'),
  readyReplicas: count.describe('Pods whose model is warm.'),
  modelState: z
    .enum(['pending', 'fetching', 'verifying', 'loading', 'warm', 'failed'])
    .describe(
      'How far the pod that is least far is: `pending`, `fetching`, `verifying`, `loading`, `warm` or `failed`.',
    ),
  promotedAt: timestamp
    .optional()
    .describe(
      'When it last became stable; absent for one that never was. `undo` goes to the newest of these.',
    ),
  lastFailure: failureSchema.optional().describe('The last failure of one of its pods.'),
});

const trafficSchema = z.strictObject({
  revision: z.string().describe('Name of the revision.'),
  weight: count.describe('Per cent of the traffic that it answers.'),
  shadow: z.boolean().optional().describe('Whether it gets copies of the requests that others answer.'),
});

const metricStatusSchema = z.strictObject({
  name: z.string().describe('Name of the metric in the spec.'),
  phase: z
    .enum(['Pending', 'Successful', 'Inconclusive', 'Failed'])
    .describe('What the measurements say: `Pending`, `Successful`, `Inconclusive` or `Failed`.'),
  lastValue: z
    .string()
    .optional()
    .describe('The last value as a decimal number; absent before the first measurement.'),
  stableValue: z.string().optional().describe('The last value of the stable revision.'),
  samples: count.optional().describe('Samples behind the last value.'),
  resolvedQuery: z.string().optional().describe("The query as it was sent, with the revision's name in it."),
  message: z.string().optional().describe('What the last measurement found.'),
  failed: count.describe('Measurements that failed.'),
  consecutiveFailed: count.describe('Failed measurements since the last that did not.'),
  inconclusive: count.describe('Measurements that said nothing.'),
  successful: count.describe('Measurements that succeeded.'),
});

const rolloutStatusSchema = z.strictObject({
  phase: z
    .enum(['Idle', 'Progressing', 'Paused', 'Aborting', 'Aborted', 'Completed'])
    .describe(
      'Where the rollout stands: `Idle`, `Progressing`, `Paused`, `Aborting`, `Aborted` or `Completed`.',
    ),
  stepIndex: count.describe('Step that is under way, from 0; equals the number of steps when all are done.'),
  stepCount: count.describe('Number of steps of the spec.'),
  step: z.string().optional().describe('The same two for people, counted from 1, such as `3/6`.'),
  stepsHash: z
    .string()
    .optional()
    .describe('Tells whether the steps of the spec are still those that `stepIndex` counts in.'),
  startedAt: timestamp.optional().describe('When the rollout began.'),
  stepStartedAt: timestamp.optional().describe('When the step began.'),
  progressedAt: timestamp.optional().describe('When it last made progress; the deadline counts from here.'),
  pauseReasons: setOf(
    z.enum(['StepPause', 'SpecPaused', 'UserPause', 'Inconclusive', 'ProgressDeadline']),
    16,
  ).describe('Who holds the rollout up; it goes on when the list is empty.'),
  skipsAnalysis: z
    .boolean()
    .optional()
    .describe('Whether a person promoted in full: what is measured no longer decides.'),
  weightsVerified: z
    .boolean()
    .describe('Whether every gateway has said that it follows `trafficGeneration`.'),
  analysis: z
    .strictObject({
      startedAt: timestamp.describe('When the first measurement was due.'),
      measuredAt: timestamp.optional().describe('When the last was made.'),
      metrics: mapOf(metricStatusSchema, 'name', 32).describe('What each metric says.'),
    })
    .optional()
    .describe('What the measurements of the update say.'),
  abortReason: z
    .string()
    .optional()
    .describe('Why the last rollout was given up, as one word; names a rule or metric.'),
  abortMessage: z.string().optional().describe('Why, in words.'),
});

const lastActionSchema = z.strictObject({
  type: z
    .enum(['promote', 'promote-full', 'abort', 'retry', 'pause', 'resume', 'undo'])
    .describe('What was asked for.'),
  nonce: z.string().describe('Identity of the request; one that was seen is not done again.'),
  requestedBy: z.string().optional().describe('Who asked, as the annotation says.'),
  at: timestamp.describe('When it was done or refused.'),
  result: z.enum(['Accepted', 'Refused']).describe('What became of it: `Accepted` or `Refused`.'),
  message: z.string().optional().describe('Why it was refused, or what it did.'),
});

export const CONDITION_TYPES = [
  'Ready',
  'ArtifactVerified',
  'ModelLoaded',
  'TrafficRouted',
  'AnalysisPassing',
  'Updated',
  'Stalled',
  'Reconciling',
] as const;

export const tradingModelStatusSchema = z
  .strictObject({
    observedGeneration: count
      .optional()
      .describe('`metadata.generation` of the object that the status was made from.'),
    stableRevision: z.string().optional().describe('Revision that answers.'),
    updateRevision: z.string().optional().describe('Revision that is being rolled out.'),
    revisions: mapOf(revisionSchema, 'name', 128).optional().describe('Every revision that there is.'),
    traffic: mapOf(trafficSchema, 'revision', 16)
      .optional()
      .describe('What the gateways follow. Weights add up to 100 once there is a stable revision.'),
    trafficGeneration: count.optional().describe('Counts the changes of `traffic`; gateways confirm it.'),
    trafficChangedAt: timestamp
      .optional()
      .describe('When `traffic` last changed; waits for gateways count from it.'),
    rollout: rolloutStatusSchema.optional().describe('Where the rollout stands.'),
    lastAction: lastActionSchema.optional().describe('The last thing that somebody asked for.'),
    conditions: mapOf(conditionSchema(CONDITION_TYPES), 'type', 16)
      .optional()
      .describe('The state in the form that every tool for Kubernetes reads.'),
    replicas: count.optional().describe('Pods of all revisions, for the scale subresource.'),
    selector: z.string().optional().describe('Selector of these pods, for the scale subresource.'),
  })
  .describe('What was seen. The controller writes it.');

export type TradingModelStatus = ReadOnly<z.output<typeof tradingModelStatusSchema>>;
export type FailureStatus = ReadOnly<z.output<typeof failureSchema>>;
export type RevisionStatus = ReadOnly<z.output<typeof revisionSchema>>;
/** What a revision is to its model. `kept` serves nothing and can be gone back to. */
export type RevisionRole = RevisionStatus['role'];
/** How far a pod, or a revision as a whole, is with its model. */
export type ModelState = RevisionStatus['modelState'];
/** What the gateways follow. */
export type TrafficTarget = ReadOnly<z.output<typeof trafficSchema>>;
export type MetricStatus = ReadOnly<z.output<typeof metricStatusSchema>>;
export type MetricPhase = MetricStatus['phase'];
export type RolloutStatus = ReadOnly<z.output<typeof rolloutStatusSchema>>;
export type RolloutPhase = RolloutStatus['phase'];
/** Who holds a rollout up. */
export type PauseReason = RolloutStatus['pauseReasons'][number];
export type LastAction = ReadOnly<z.output<typeof lastActionSchema>>;
export type ActionType = LastAction['type'];
export type Condition = NonNullable<TradingModelStatus['conditions']>[number];
