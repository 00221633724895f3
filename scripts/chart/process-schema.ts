/** Settings of the processes as JSON Schema: what a values file may say is what the processes take. */
import { z } from 'zod';

import { collectorSchema } from '../../cmd/collector/config.ts';
import { controllerSchema } from '../../cmd/controller/config.ts';
import { featuresSchema } from '../../cmd/features/config.ts';
import { gatewaySchema } from '../../cmd/gateway/config.ts';
import { recorderSchema } from '../../cmd/recorder/config.ts';
import { processSchema } from '../../cmd/service/config.ts';
import type { JsonSchema, Properties } from './json-schema.ts';

/** Descriptions of settings whose name says it all to those who write code. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  'log.level': 'Least level of the lines of the log',
  'features.sets': 'Sets of features that are computed',
  'features.lookbacks': 'Bars that the indicators look back on',
  'features.allowedLatenessMs': 'Time that events may come late, milliseconds',
  'history.database': 'Database of the tables; made where it is missing',
  'simulator.symbols': 'Symbols of the simulated market',
  'simulator.seed': 'Seed of the simulated market: the same gives the same',
  'prediction.overlay': 'How a probability becomes a recommendation',
  'prediction.buyAbove': 'Probability above which it is a buy',
  'prediction.holdAbove': 'Probability above which it is a hold',
  'predictors.connectTimeoutMs': 'Time that a connection may take, milliseconds',
  'predictors.terminationGraceSeconds': 'Time that a predictor pod has to end, seconds',
  'prometheus.timeoutMs': 'Time in which Prometheus must answer, milliseconds',
};

const DOCUMENTS = {
  collector: collectorSchema,
  features: featuresSchema,
  gateway: gatewaySchema,
  recorder: recorderSchema,
  controller: controllerSchema,
} as const;

/**
 * A section of a process, without the keys that the chart itself writes.
 *
 * @param omitted - Keys of the section that values cannot set.
 */
export function sectionOf(
  process: keyof typeof DOCUMENTS,
  section: string,
  description: string,
  omitted: readonly string[] = [],
): JsonSchema {
  const document = z.toJSONSchema(DOCUMENTS[process], { io: 'input' }) as JsonSchema;
  const found = (document['properties'] as Properties)[section] as JsonSchema;
  const kept = Object.entries(found['properties'] as Properties)
    .filter(([key]) => !omitted.includes(key))
    .map(([key, property]) => [key, plain(property, `${section}.${key}`)]);
  // What the chart writes itself may be required, but not of values.
  const { required: _required, default: _default, ...rest } = found;
  return { ...rest, description, properties: Object.fromEntries(kept) };
}

/**
 * Defaults of settings of one section, as the process has them.
 *
 * @throws If a setting has none.
 */
export function defaultsOf(
  process: keyof typeof DOCUMENTS,
  section: string,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  const document = z.toJSONSchema(DOCUMENTS[process], { io: 'input' }) as JsonSchema;
  const { properties } = (document['properties'] as Properties)[section] as { properties: Properties };
  return Object.fromEntries(
    keys.map((key) => {
      const byDefault = properties[key]?.['default'];
      if (byDefault === undefined) throw new Error(`setting ${section}.${key} must have a default`);
      return [key, byDefault];
    }),
  );
}

/** Sections that every process has, but for its HTTP server, which the chart sets. */
export function commonSections(): Properties {
  const sections = Object.keys(processSchema.shape).filter((section) => section !== 'http');
  return Object.fromEntries(
    sections.map((section) => [
      section,
      sectionOf('collector', section, `Settings \`${section}\` of every process`),
    ]),
  );
}

/** Without the keywords that say nothing to Helm, and with a description everywhere. */
function plain(schema: JsonSchema, path: string): JsonSchema {
  const { isSecret: _secret, default: byDefault, ...rest } = namedKeys(schema);
  const told = rest['description'] ?? DESCRIPTIONS[path];
  const properties = rest['properties'] as Properties | undefined;
  const items = rest['items'] as JsonSchema | undefined;
  return {
    ...rest,
    description:
      properties === undefined ? withDefault(path, told, byDefault) : (told ?? `Settings \`${path}\``),
    ...(items === undefined ? {} : { items }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, property]) => [key, plain(property, `${path}.${key}`)]),
          ),
        }),
  };
}

/** Keys of free maps as `patternProperties`: Helm tells the path of those, and none of `propertyNames`. */
function namedKeys(schema: JsonSchema): JsonSchema {
  const { propertyNames, ...rest } = schema;
  const pattern = (propertyNames as JsonSchema | undefined)?.['pattern'];
  if (typeof pattern !== 'string') return schema;
  return {
    ...rest,
    patternProperties: { [pattern]: rest['additionalProperties'] },
    additionalProperties: false,
  };
}

function withDefault(path: string, description: unknown, byDefault: unknown): string {
  if (typeof description !== 'string') throw new Error(`setting ${path} must have a description`);
  return byDefault === undefined ? description : `${description} (default ${JSON.stringify(byDefault)})`;
}
