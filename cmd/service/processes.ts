import { collectorSchema } from '../collector/config.ts';
import { featuresSchema } from '../features/config.ts';
import { gatewaySchema } from '../gateway/config.ts';
import { predictorSchema } from '../predictor/config.ts';
import { recorderSchema } from '../recorder/config.ts';

/** Configuration of every process of the distributed system, in the order of the data. */
export const PROCESSES = {
  collector: collectorSchema,
  features: featuresSchema,
  predictor: predictorSchema,
  gateway: gatewaySchema,
  recorder: recorderSchema,
} as const;
