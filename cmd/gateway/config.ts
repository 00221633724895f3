import { z } from 'zod';

import { featuresSection, grpcSection, predictionSection } from '../settings.ts';
import { redisSchema, serviceSchema } from '../service/config.ts';
import { kubernetesSection } from '../service/open-cluster.ts';
import { predictorsSection } from './predictors-config.ts';

const trafficSection = z
  .strictObject({
    source: z
      .enum(['none', 'file', 'kubernetes'])
      .default('none')
      .describe(
        'Where revisions and their weights come from; `none`: one revision, of `predictors.addresses`; `kubernetes`: TradingModels',
      ),
    file: z.string().min(1).optional().describe('For `file`: YAML or JSON, read again when it changes'),
  })
  .prefault({});

/** Configuration of the gateway process. */
export const gatewaySchema = serviceSchema
  .extend({
    predictors: predictorsSection,
    traffic: trafficSection,
    kubernetes: kubernetesSection,
    features: featuresSection,
    prediction: predictionSection,
    redis: redisSchema,
    grpc: grpcSection(50_051),
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
