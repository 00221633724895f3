import { z } from 'zod';

import { type TableName, TABLES } from '../../pkg/history/schema.ts';
import { serviceSchema } from '../service/config.ts';
import { featuresSection, secret } from '../settings.ts';

const days = z
  .int()
  .min(0)
  .max(36_500)
  .default(0)
  .describe('Days that rows are kept after they were recorded; 0 keeps them for good');

/** How to reach ClickHouse, and what it keeps. */
export const historySchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .refine((url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '', {
        message: 'must be without user and password: history.username and history.password have them',
      })
      .describe('HTTP address of ClickHouse'),
    username: z.string().default('default'),
    password: secret,
    database: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'must be letters, digits and _')
      .default('tradewind'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of the authorities to trust, instead of the system'),
    compress: z.boolean().default(true).describe('Send inserts compressed'),
    requestTimeoutSeconds: z
      .number()
      .positive()
      .max(3600)
      .default(60)
      .describe('Time that one insert may take'),
    retentionDays: z
      .strictObject(
        Object.fromEntries(Object.keys(TABLES).map((table) => [table, days])) as Record<
          TableName,
          typeof days
        >,
      )
      .prefault({}),
  })
  .refine(({ url, caFile }) => caFile === undefined || url.startsWith('https:'), {
    path: ['caFile'],
    message: 'must be absent unless history.url is https',
  });

/** Configuration of the recorder process. */
export const recorderSchema = serviceSchema.extend({
  history: historySchema,
  features: featuresSection,
  recorder: z
    .strictObject({
      spool: z
        .string()
        .min(1)
        .default('.tradewind/recorder')
        .describe('Folder of the batches that are being written, one for each partition'),
      intervalSeconds: z
        .number()
        .min(0)
        .max(60)
        .default(1)
        .describe('Time from one insert of a partition to the next, where little comes'),
    })
    .prefault({}),
});

export type HistorySection = z.infer<typeof historySchema>;
