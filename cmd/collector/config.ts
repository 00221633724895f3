import type { z } from 'zod';

import { simulatorSection, sourceSection } from '../settings.ts';
import { serviceSchema, snapshotsSchema } from '../service/config.ts';

/** Configuration of the collector process. */
export const collectorSchema = serviceSchema.extend({
  source: sourceSection,
  simulator: simulatorSection,
  snapshots: snapshotsSchema,
});

export type CollectorConfig = z.infer<typeof collectorSchema>;
