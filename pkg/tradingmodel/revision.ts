import { createHash } from 'node:crypto';

import { type TradingModelSpec, tradingModelSpecSchema } from './spec.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

/*
 * A revision is what its pods are made from. Two specs that make the same pods are the same revision; whatever else changes takes effect
 * at once and rolls nothing out.
 */

/** Hexadecimal digits of a hash in a name. */
const HASH_LENGTH = 8;

/** The parts of a spec that a revision is made of. */
export interface RevisionSource {
  readonly model: TradingModelSpec['model'];
  readonly serving: Pick<TradingModelSpec['serving'], 'threads' | 'batching' | 'resources' | 'image'>;
}

/**
 * Takes from a spec what makes a revision: the model, and how it is served, but not how often nor what the autoscaler aims at.
 *
 * Symbols, SLO, overlay, risk and rollout are read by gateways, alerts and the controller, not by the pods of a revision.
 */
export function revisionSource({ model, serving }: TradingModelSpec): RevisionSource {
  const { image, threads, batching, resources } = serving;
  return { model, serving: { ...(image === undefined ? {} : { image }), threads, batching, resources } };
}

/** JSON of one form: keys in order, nothing that is absent. Equal values have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, child]) => child !== undefined)
    // By code units, not by language.
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, child]) => `${JSON.stringify(key)}:${canonicalJson(child)}`);
  return `{${members.join(',')}}`;
}

const SCHEMA = structuralSchema(tradingModelSpecSchema);

/** What differs from the defaults. A field that a later release adds with a default must not make new revisions of old specs. */
function withoutDefaults(value: unknown, schema: StructuralSchema | undefined): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const told: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) {
    if (child === undefined) continue;
    const field = schema?.properties?.[name];
    const rest = withoutDefaults(child, field);
    if (field?.default === undefined || !isDefault(rest, field.default)) told[name] = rest;
  }
  return told;
}

/** Whether nothing is left of an object, or any other value is the default. */
function isDefault(rest: unknown, preset: unknown): boolean {
  if (typeof rest === 'object' && rest !== null && !Array.isArray(rest))
    return Object.keys(rest).length === 0;
  return canonicalJson(rest) === canonicalJson(preset);
}

/**
 * Eight hexadecimal digits that stand for a revision.
 *
 * @param collisions - How often a name was found to belong to another revision of the same model; each number gives another hash.
 */
export function revisionHash(spec: TradingModelSpec, collisions = 0): string {
  const text = canonicalJson(withoutDefaults(revisionSource(spec), SCHEMA));
  const salted = collisions === 0 ? text : `${text}#${collisions}`;
  return createHash('sha256').update(salted).digest('hex').slice(0, HASH_LENGTH);
}

/**
 * Name of a revision and of the objects that belong to it, such as `es-direction-6c9f01ab`.
 *
 * @param model - Name of the TradingModel, at most 52 characters, so that the result is a DNS label of at most 61.
 * @param collisions - As in {@link revisionHash}.
 */
export function revisionName(model: string, spec: TradingModelSpec, collisions = 0): string {
  return `${model}-${revisionHash(spec, collisions)}`;
}

/** A revision that there is: its name, and what it was made from. */
export interface KnownRevision {
  readonly name: string;
  readonly source: RevisionSource;
}

/**
 * Name of the revision of a spec among those that there are: its own if it is one of them, else one that none of them has.
 *
 * Eight digits let one pair in four thousand million collide, so the number is nearly always 0; it is found again from what is
 * stored and kept nowhere.
 */
export function resolveRevisionName(
  model: string,
  spec: TradingModelSpec,
  known: readonly KnownRevision[],
): string {
  // Without defaults on both sides: a record of before a field was there is no other revision for the lack of it.
  const textOf = (source: RevisionSource): string => canonicalJson(withoutDefaults(source, SCHEMA));
  const text = textOf(revisionSource(spec));
  const texts = new Map(known.map(({ name, source }) => [name, textOf(source)]));
  for (let collisions = 0; ; collisions += 1) {
    const name = revisionName(model, spec, collisions);
    const holder = texts.get(name);
    if (holder === undefined || holder === text) return name;
  }
}
