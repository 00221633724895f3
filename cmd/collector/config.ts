import type { z } from 'zod';

import { featuresSection, simulatorSection, sourceSection } from '../settings.ts';
import { serviceSchema, snapshotsSchema } from '../service/config.ts';

/** Configuration of the collector process; of the features it needs the bars, which those of a bar file must be. */
export const collectorSchema = serviceSchema.extend({
  source: sourceSection,
  simulator: simulatorSection,
  features: featuresSection,
  snapshots: snapshotsSchema,
});

export type CollectorConfig = z.infer<typeof collectorSchema>;
