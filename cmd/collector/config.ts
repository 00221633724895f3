import type { z } from 'zod';

import { simulatorSection, sourceSection } from '../settings.ts';
import { serviceSchema } from '../service/config.ts';

/** Configuration of the collector process. */
export const collectorSchema = serviceSchema.extend({ source: sourceSection, simulator: simulatorSection });

export type CollectorConfig = z.infer<typeof collectorSchema>;
