import { adviseLimits, adviseModel, type Advice } from './advice.ts';
import { checkObject } from './check-object.ts';
import { API_GROUP, API_VERSION, objectSchema, type Resource, RESOURCES } from './resource.ts';
import type { RiskLimitsSpec } from './risk-limits.ts';
import type { TradingModelSpec } from './spec.ts';
import { type Path, pathText } from './value-text.ts';
import { readYaml, type YamlObject } from './yaml-source.ts';

/** A file that is looked at. */
export interface LintFile {
  readonly name: string;
  readonly text: string;
}

export interface Finding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Kind and name, such as `TradingModel es-direction`; empty where the file itself is at fault. */
  readonly object: string;
  /** As in `spec.rollout.steps[2].setWeight`; empty for the object as a whole. */
  readonly field: string;
  /** A fault is what the API server refuses; a warning is advice. */
  readonly severity: 'fault' | 'warning';
  readonly message: string;
}

export interface LintReport {
  /** By file and line. */
  readonly findings: readonly Finding[];
  /** Objects of ours that were looked at. */
  readonly checked: number;
  /** Objects of others. */
  readonly skipped: number;
}

const SCHEMAS = new Map(RESOURCES.map((resource) => [resource.kind as string, objectSchema(resource)]));

/** An object of ours that was looked at, with where it stands. */
interface Found {
  readonly file: string;
  readonly object: string;
  readonly source: YamlObject;
  /** Steps from the document to the object, of one in a List. */
  readonly base: Path;
  readonly kind: Resource['kind'];
  readonly name: string;
  /** With its defaults; absent where the object has faults. */
  readonly spec?: unknown;
}

/** Finds everything that the API server would refuse in these files, and what else is worth a thought. */
export function lint(files: readonly LintFile[]): LintReport {
  const findings: Finding[] = [];
  const found: Found[] = [];
  let skipped = 0;
  for (const { name, text } of files) {
    const { objects, faults } = readYaml(text);
    for (const { line, message } of faults)
      findings.push({ file: name, line, object: '', field: '', severity: 'fault', message });
    for (const source of objects) {
      for (const base of itemsOf(source.value)) {
        const seen = lintObject(name, source, base, findings);
        if (seen === undefined) skipped += 1;
        else found.push(seen);
      }
    }
  }
  findings.push(...found.flatMap((seen) => warnings(seen, found)));
  const order = new Map(files.map(({ name }, i) => [name, i]));
  findings.sort((a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line);
  return { findings, checked: found.length, skipped };
}

/** The objects of a document: itself, or the items of a List. */
function itemsOf(value: unknown): readonly Path[] {
  const { kind, items } = (value ?? {}) as { readonly kind?: unknown; readonly items?: unknown };
  return kind === 'List' && Array.isArray(items) ? items.map((_, i) => ['items', i]) : [[]];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) => (at as Readonly<Record<string | number, unknown>> | null)?.[step],
    value,
  );
}

function lintObject(file: string, source: YamlObject, base: Path, findings: Finding[]): Found | undefined {
  const value = valueAt(source.value, base) as Readonly<Record<string, unknown>> | null;
  const [apiVersion, kind] = [value?.['apiVersion'], value?.['kind']];
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith(`${API_GROUP}/`)) return undefined;
  const name = (valueAt(value, ['metadata', 'name']) ??
    valueAt(value, ['metadata', 'generateName']) ??
    '') as string;
  const object = `${String(kind)} ${name}`.trim();
  const before = findings.length;
  const fault = (path: Path, message: string): void => {
    const line = source.lineOf([...base, ...path]);
    findings.push({ file, line, object, field: pathText(path), severity: 'fault', message });
  };
  const schema = SCHEMAS.get(String(kind));
  if (apiVersion !== API_VERSION) fault(['apiVersion'], `must be ${API_VERSION}, was ${apiVersion}`);
  if (schema === undefined)
    fault(['kind'], `must be ${[...SCHEMAS.keys()].join(' or ')}, was ${String(kind)}`);
  if (name === '') fault(['metadata', 'name'], 'must be given, was absent');
  const seen = { file, object, source, base, kind: kind as Resource['kind'], name };
  if (schema === undefined) return seen;
  const checked = checkObject(schema, value);
  for (const { path, message } of checked.faults) {
    const written = source.sourceOf([...base, ...path]);
    const was = valueAt(value, path);
    // `NO` is false in YAML, which is not what was meant.
    const isMisread = typeof was === 'boolean' && written !== undefined && written !== String(was);
    fault(path, isMisread ? `${message} (YAML reads ${written} as ${was})` : message);
  }
  if (findings.length > before) return seen;
  return { ...seen, spec: (checked.value as { readonly spec: unknown }).spec };
}

/** Advice about an object without faults. */
function warnings(seen: Found, all: readonly Found[]): readonly Finding[] {
  const { spec, kind, source, base, file, object } = seen;
  if (spec === undefined) return [];
  const advice: readonly Advice[] =
    kind === 'RiskLimits'
      ? adviseLimits(spec as RiskLimitsSpec)
      : [...adviseModel(spec as TradingModelSpec), ...missingLimits(spec as TradingModelSpec, all)];
  return advice.map(({ path, message }) => ({
    file,
    line: source.lineOf([...base, ...path]),
    object,
    field: pathText(path),
    severity: 'warning',
    message,
  }));
}

/** Limits that a model names and that are not among those looked at, where some are. */
function missingLimits({ risk }: TradingModelSpec, all: readonly Found[]): readonly Advice[] {
  const names = all.filter(({ kind }) => kind === 'RiskLimits').map(({ name }) => name);
  if (risk === undefined || names.length === 0 || names.includes(risk.limitsRef.name)) return [];
  return [
    {
      path: ['spec', 'risk', 'limitsRef', 'name'],
      message: `names '${risk.limitsRef.name}', the RiskLimits looked at are ${names.join(', ')}: until they exist, the model gets no orders`,
    },
  ];
}
