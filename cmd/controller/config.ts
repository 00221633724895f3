import { z } from 'zod';

import { kubernetesSection } from '../service/open-cluster.ts';
import { processSchema } from '../service/config.ts';

const seconds = z.number().positive().max(3600);
const milliseconds = z.int().positive().max(60_000);

/** Configuration of the controller process. */
export const controllerSchema = processSchema.extend({
  kubernetes: kubernetesSection,
  leaderElection: z
    .strictObject({
      lease: z.string().min(1).default('tradewind-controller').describe('Name of the lease'),
      leaseDurationSeconds: seconds.default(15).describe('Time after which another may take over'),
      renewDeadlineSeconds: seconds.default(10).describe('Time without renewal after which this one stops'),
      retryPeriodSeconds: seconds.default(2).describe('Time between two tries'),
    })
    .prefault({}),
  reconcile: z
    .strictObject({
      workers: z.int().min(1).max(64).default(4).describe('TradingModels at work at once'),
      timeoutSeconds: seconds.default(60).describe('Time that one reconcile may take'),
    })
    .prefault({}),
  gateways: z
    .strictObject({
      service: z.string().min(1).default('tradewind-gateway').describe('Service of the gateways'),
      portName: z.string().min(1).default('http').describe('Name of its port that answers `GET /revisions`'),
      timeoutMs: milliseconds.default(1000).describe('Time in which a gateway must answer'),
      maxAgeMs: milliseconds.default(500).describe('An answer so young is used again'),
    })
    .prefault({}),
  predictors: z
    .strictObject({
      image: z.string().min(1).default('tradewind:latest').describe('Image of models whose spec names none'),
      imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
      env: z
        .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string())
        .default({})
        .describe('More settings of predictors, by name of the environment; from the file only'),
      listenAddress: z
        .string()
        .min(1)
        .default('0.0.0.0')
        .describe('What predictors bind to; `::` where pods have addresses of IPv6'),
      tlsSecretName: z
        .string()
        .default('')
        .describe(
          'Secret with tls.crt and tls.key of predictors and ca.crt of the gateways that may ask them; plain text where empty',
        ),
      priorityClassName: z.string().default('').describe('PriorityClass of predictor pods'),
      imagePullSecrets: z
        .array(z.string().min(1))
        .default([])
        .describe('Secrets by which the images of predictors are pulled'),
      terminationGraceSeconds: z.int().min(1).max(3600).default(30),
      stateTimeoutMs: milliseconds
        .default(1000)
        .describe('Time in which a pod must say how far its model is'),
    })
    .prefault({}),
  prometheus: z
    .strictObject({
      address: z.string().min(1).optional().describe('Of metrics whose spec names none, `http://host:port`'),
      timeoutMs: milliseconds.default(5000),
    })
    .prefault({}),
});

export type ControllerConfig = z.infer<typeof controllerSchema>;
