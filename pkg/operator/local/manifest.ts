import { stringify } from 'yaml';

import { lint } from '../../tradingmodel/lint.ts';
import { API_GROUP, API_VERSION } from '../../tradingmodel/resource.ts';
import { type TradingModelSpec, tradingModelSpecSchema } from '../../tradingmodel/spec.ts';
import { readYaml } from '../../tradingmodel/yaml-source.ts';

/** A TradingModel of a file: its name, and its spec with all defaults. */
export interface LocalManifest {
  readonly name: string;
  readonly spec: TradingModelSpec;
}

/** The TradingModels of a file, or the first thing that is wrong with it. */
export type ReadManifests =
  | { readonly manifests: readonly LocalManifest[]; readonly fault?: undefined }
  | { readonly fault: string };

/**
 * Reads the TradingModels of a file; objects of other kinds are left out.
 *
 * One process has no claims, ConfigMaps or Secrets: what names one is a fault, since a signature that nobody checks must not look checked.
 */
export function readManifests(file: string, text: string): ReadManifests {
  const first = lint([{ name: file, text }]).findings.find(({ severity }) => severity === 'fault');
  if (first !== undefined) {
    const place = first.field === '' ? '' : `, ${first.field}`;
    return { fault: `line ${first.line}${place}: ${first.message}` };
  }
  const manifests = readYaml(text)
    .objects.flatMap(({ value }) => objectsOf(value))
    .filter(({ apiVersion, kind }) => apiVersion?.startsWith(`${API_GROUP}/`) && kind === 'TradingModel')
    .map(({ metadata, spec }) => ({ name: metadata!.name!, spec: tradingModelSpecSchema.parse(spec) }));
  for (const { name, spec } of manifests) {
    const fault = clusterOnly(spec);
    if (fault !== undefined) return { fault: `TradingModel ${name}, spec.model.${fault}` };
  }
  return { manifests };
}

/** Text of a manifest that reads back as the same. */
export function manifestText({ name, spec }: LocalManifest): string {
  const object = { apiVersion: API_VERSION, kind: 'TradingModel', metadata: { name }, spec };
  // As it is read: `NO` without quotes would come back as false.
  return stringify(object, { version: '1.1', lineWidth: 0 });
}

interface AnyObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly spec?: unknown;
  readonly items?: readonly AnyObject[];
}

function objectsOf(value: unknown): readonly AnyObject[] {
  const object = value as AnyObject;
  return object.kind === 'List' && Array.isArray(object.items) ? object.items : [object];
}

function clusterOnly({ model }: TradingModelSpec): string | undefined {
  const [, scheme] = /^(pvc|configmap):/.exec(model.uri) ?? [];
  if (scheme !== undefined)
    return `uri: must be a file, https or s3 address in one process, was ${scheme}, which only a cluster has`;
  if (model.signature !== undefined)
    return 'signature: must be left out in one process, which has no Secrets: set artifact.publicKeyFile';
  if (model.credentialsSecretRef !== undefined)
    return 'credentialsSecretRef: must be left out in one process, which has no Secrets: set artifact.s3';
  return undefined;
}
