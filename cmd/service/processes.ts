import { collectorSchema } from '../collector/config.ts';
import { featuresSchema } from '../features/config.ts';
import { predictorSchema } from '../predictor/config.ts';
import { recorderSchema } from '../recorder/config.ts';

/** Configuration of every process of the distributed system, in the order of the data. */
export const PROCESSES = {
  collector: collectorSchema,
  features: featuresSchema,
  predictor: predictorSchema,
  recorder: recorderSchema,
} as const;
