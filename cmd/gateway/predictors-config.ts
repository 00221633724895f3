import { z } from 'zod';

const pemFile = z.string().min(1).optional();
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

/** Where the predictors of a gateway are, and how they are asked. */
export const predictorsSection = z
  .strictObject({
    addresses: z
      .array(z.string().regex(/^(\[[0-9a-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/i, 'must be host:port'))
      .default([])
      .describe(
        '`host:port` of predictors; a name stands for all of its addresses. Empty where `traffic` says which there are',
      ),
    resolveSeconds: z.number().positive().max(3600).default(5).describe('Time between two look-ups of names'),
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
    timeoutMs: milliseconds.default(1000).describe('Time of a prediction in all, where the caller has more'),
    attemptTimeoutMs: milliseconds
      .default(250)
      .describe('Time after which a second predictor is asked, where there is one'),
    streamTimeoutMs: z
      .int()
      .positive()
      .max(3_600_000)
      .default(5000)
      .describe('Time in which a vector of the stream is tried again before it becomes an abstention'),
    connectTimeoutMs: milliseconds.default(2000),
    keepAliveMs: milliseconds
      .default(2000)
      .describe('Silence before a ping, and time that its answer may take: then the connection is given up'),
    retryShare: z.number().min(0).max(1).default(0.2).describe('Second tries per request in the long run'),
    tls: z.boolean().default(false).describe('Encrypt the connections'),
    caFile: pemFile.describe('PEM file of the authorities to trust, instead of the system'),
    certFile: pemFile.describe('PEM file of the certificate to show, where predictors want one'),
    keyFile: pemFile.describe('PEM file of its private key'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Name that certificates of predictors must have; where not given, the one name of `addresses`, else the IP address',
      ),
    ejection: ejectionSchema,
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    path: ['keyFile'],
    message: 'must be given where certFile is, and only there',
  })
  .superRefine((section, context) => {
    if (section.tls) return;
    for (const key of ['caFile', 'certFile', 'serverName'] as const)
      if (section[key] !== undefined)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: 'must be absent unless tls is true',
          input: section[key],
        });
  });
