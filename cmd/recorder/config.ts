import { z } from 'zod';

import { serviceSchema } from '../service/config.ts';

/** Configuration of the recorder process. */
export const recorderSchema = serviceSchema.extend({
  history: z.strictObject({
    url: z.url().describe('HTTP address of ClickHouse'),
    username: z.string().default('default'),
    password: z.string().default(''),
    database: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'must be letters, digits and _')
      .default('tradewind'),
  }),
  features: z
    .strictObject({
      bar: z.string().default('time:1000').describe('Bar clock of the vectors that are recorded'),
    })
    .prefault({}),
});
