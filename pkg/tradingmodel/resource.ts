import type { z } from 'zod';

import type { Rule } from './fields.ts';
import { riskLimitsSpecSchema, riskLimitsStatusSchema } from './risk-limits.ts';
import { tradingModelSpecSchema } from './spec.ts';
import { tradingModelStatusSchema } from './status.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

export const API_GROUP = 'tradewind.dev';
export const API_VERSION = `${API_GROUP}/v1alpha1`;

/** A name that leaves room for `-`, the eight characters of a revision and two digits. */
const MAX_MODEL_NAME = 52;

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** Above 0: only with `-o wide`. */
  readonly priority?: number;
}

/** Everything that there is to say about a kind of object. */
export interface Resource {
  readonly kind: 'TradingModel' | 'RiskLimits';
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Over the object as a whole: its name. */
  readonly rules: readonly Rule[];
  readonly columns: readonly Column[];
  readonly scale?: Readonly<Record<'specReplicasPath' | 'statusReplicasPath' | 'labelSelectorPath', string>>;
}

const condition = (type: string): string => `.status.conditions[?(@.type=="${type}")].status`;
const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was made.',
};

export const TRADING_MODEL: Resource = {
  kind: 'TradingModel',
  plural: 'tradingmodels',
  singular: 'tradingmodel',
  shortName: 'tm',
  description:
    'A machine-learning trading model that is served: where its files come from, how it is run, and how a new version takes over.',
  spec: tradingModelSpecSchema,
  status: tradingModelStatusSchema,
  rules: [
    {
      rule: `self.metadata.name.size() <= ${MAX_MODEL_NAME}`,
      fieldPath: '.metadata.name',
      message: `metadata.name must have at most ${MAX_MODEL_NAME} characters, so that names of revisions have at most 63: shorten it`,
    },
    {
      rule: `self.metadata.name.matches(r'^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
      fieldPath: '.metadata.name',
      message:
        'metadata.name must be lower-case letters, digits and -, and begin with a letter, since Services are named after it: rename it',
    },
  ],
  columns: [
    {
      name: 'Stable',
      type: 'string',
      jsonPath: '.status.stableRevision',
      description: 'Revision that answers.',
    },
    {
      name: 'Update',
      type: 'string',
      jsonPath: '.status.updateRevision',
      description: 'Revision that is being rolled out.',
    },
    {
      name: 'Step',
      type: 'string',
      jsonPath: '.status.rollout.step',
      description: 'Step that is under way.',
    },
    {
      name: 'Weight',
      type: 'integer',
      jsonPath: '.status.revisions[?(@.role=="update")].weight',
      description: 'Per cent of the traffic that the update answers.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: condition('Ready'),
      description: 'Whether the model answers.',
    },
    AGE,
    {
      name: 'Phase',
      type: 'string',
      jsonPath: '.status.rollout.phase',
      description: 'Where the rollout stands.',
      priority: 1,
    },
    {
      name: 'Version',
      type: 'string',
      jsonPath: '.spec.model.version',
      description: 'Version that is wanted.',
      priority: 1,
    },
    {
      name: 'Limits',
      type: 'string',
      jsonPath: '.spec.risk.limitsRef.name',
      description: 'Limits that hold for orders.',
      priority: 1,
    },
  ],
  scale: {
    specReplicasPath: '.spec.serving.minReplicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  },
};

export const RISK_LIMITS: Resource = {
  kind: 'RiskLimits',
  plural: 'risklimits',
  singular: 'risklimits',
  shortName: 'rl',
  description:
    'What the orders of the models that name it must keep to. A model without limits gets no orders.',
  spec: riskLimitsSpecSchema,
  status: riskLimitsStatusSchema,
  rules: [
    {
      rule: 'self.metadata.name.size() <= 63',
      fieldPath: '.metadata.name',
      message: 'metadata.name must have at most 63 characters, so that a model can name it: shorten it',
    },
    {
      rule: `self.metadata.name.matches(r'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,
      fieldPath: '.metadata.name',
      message:
        'metadata.name must be lower-case letters, digits and -, so that a model can name it: rename it',
    },
  ],
  columns: [
    {
      name: 'Currency',
      type: 'string',
      jsonPath: '.spec.currency',
      description: 'Currency of the amounts.',
    },
    {
      name: 'Gross',
      type: 'string',
      jsonPath: '.spec.exposure.total.maxGrossNotional',
      description: 'Largest gross value.',
    },
    {
      name: 'Daily Loss',
      type: 'string',
      jsonPath: '.spec.loss.maxDailyLoss',
      description: 'Largest loss of a day.',
    },
    {
      name: 'Stopped',
      type: 'string',
      jsonPath: '.spec.killSwitch.engaged',
      description: 'Whether the kill switch is engaged.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: condition('Ready'),
      description: 'Whether the limits are in force.',
    },
    AGE,
  ],
};

export const RESOURCES: readonly Resource[] = [TRADING_MODEL, RISK_LIMITS];

/** The schema of whole objects of a kind. */
export function objectSchema({ description, spec, status, rules }: Resource): StructuralSchema {
  return {
    type: 'object',
    description,
    properties: {
      apiVersion: { type: 'string', description: `Must be \`${API_VERSION}\`.` },
      kind: { type: 'string', description: 'Kind of the object.' },
      metadata: { type: 'object' },
      spec: structuralSchema(spec),
      status: structuralSchema(status, { isLenient: true }),
    },
    required: ['spec'],
    'x-kubernetes-validations': rules,
  };
}
