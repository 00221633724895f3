import type { z } from 'zod';

import { featuresSection } from '../settings.ts';
import { redisSchema, serviceSchema, snapshotsSchema } from '../service/config.ts';

/** Configuration of the features process. */
export const featuresSchema = serviceSchema.extend({
  features: featuresSection,
  snapshots: snapshotsSchema,
  redis: redisSchema,
});

export type FeaturesConfig = z.infer<typeof featuresSchema>;
