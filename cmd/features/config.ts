import type { z } from 'zod';

import { featuresSection } from '../settings.ts';
import { serviceSchema } from '../service/config.ts';

/** Configuration of the features process. */
export const featuresSchema = serviceSchema.extend({ features: featuresSection });

export type FeaturesConfig = z.infer<typeof featuresSchema>;
