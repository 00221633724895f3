import { z } from 'zod';

import { featuresSection, listenSection, predictionSection } from '../settings.ts';
import { redisSchema, serviceSchema } from '../service/config.ts';

const milliseconds = z.int().positive().max(60_000);

const ejectionSchema = z
  .strictObject({
    consecutiveFailures: z.int().positive().default(5).describe('Failures in a row that eject a predictor'),
    baseMs: milliseconds
      .default(1000)
      .describe('Length of the first ejection; each further one is twice as long'),
    maxMs: milliseconds.default(30_000).describe('Length of an ejection at most'),
    maxEjectedPercent: z
      .int()
      .min(0)
      .max(100)
      .default(50)
      .describe('Share of the predictors that may be ejected at once'),
  })
  .prefault({});

const trafficSection = z
  .strictObject({
    source: z
      .enum(['none', 'file'])
      .default('none')
      .describe(
        'Where revisions and their weights come from; `none`: one revision, of `predictors.addresses`',
      ),
    file: z.string().min(1).optional().describe('For `file`: YAML or JSON, read again when it changes'),
  })
  .prefault({});

/** Configuration of the gateway process. */
export const gatewaySchema = serviceSchema
  .extend({
    predictors: z.strictObject({
      addresses: z
        .array(z.string().regex(/^(\[[0-9a-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/i, 'must be host:port'))
        .default([])
        .describe(
          '`host:port` of predictors; a name stands for all of its addresses. Empty where `traffic` says which there are',
        ),
      resolveSeconds: z
        .number()
        .positive()
        .max(3600)
        .default(5)
        .describe('Time between two look-ups of names'),
      model: z
        .string()
        .default('')
        .describe('Name of the model; may be empty where predictors serve exactly one'),
      digest: z
        .string()
        .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
        .optional()
        .describe('Only this revision is used; without one, that which most predictors serve'),
      streams: z.int().positive().max(16).default(2).describe('Streams to each predictor'),
      maxInFlight: z
        .int()
        .min(2)
        .max(65_536)
        .default(256)
        .describe('Requests to a predictor without answer at most; where all are full, callers are refused'),
      timeoutMs: milliseconds
        .default(1000)
        .describe('Time of a prediction in all, where the caller has more'),
      attemptTimeoutMs: milliseconds
        .default(250)
        .describe('Time after which a second predictor is asked, where there is one'),
      streamTimeoutMs: milliseconds
        .default(5000)
        .describe('Time in which a vector of the stream is tried again before it becomes an abstention'),
      connectTimeoutMs: milliseconds.default(2000),
      keepAliveMs: milliseconds
        .default(2000)
        .describe(
          'Silence before a ping, and time that its answer may take: then the connection is given up',
        ),
      retryShare: z.number().min(0).max(1).default(0.2).describe('Second tries per request in the long run'),
      ejection: ejectionSchema,
    }),
    traffic: trafficSection,
    features: featuresSection,
    prediction: predictionSection,
    redis: redisSchema,
    grpc: listenSection(50_051),
  })
  .superRefine(({ predictors, traffic }, context) => {
    const isFollowed = traffic.source !== 'none';
    if (isFollowed === predictors.addresses.length > 0)
      context.addIssue({
        code: 'custom',
        path: ['predictors', 'addresses'],
        message: isFollowed
          ? 'must be empty: the traffic says where the predictors are'
          : 'must hold one address at least, unless traffic.source says where the predictors are',
        input: predictors.addresses,
      });
    if ((traffic.source === 'file') !== (traffic.file !== undefined))
      context.addIssue({
        code: 'custom',
        path: ['traffic', 'file'],
        message: 'must be given if traffic.source is file, and only then',
        input: traffic.file,
      });
  });

export type GatewayConfig = z.infer<typeof gatewaySchema>;
