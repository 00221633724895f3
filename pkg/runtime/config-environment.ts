import { closest } from './closest.ts';
import { kindOf, redactor } from './config-faults.ts';
import { ENV_PREFIX, environmentName, type SchemaNode, withoutPrefix } from './config-schema.ts';

/** Settings that the environment gives, by path, and what is wrong with others. */
export interface EnvironmentSettings {
  readonly values: ReadonlyMap<string, unknown>;
  /** Name of the environment behind each path, of those with a fault too. */
  readonly origins: ReadonlyMap<string, string>;
  readonly faults: readonly string[];
}

/** Reads the settings of a schema from the environment. @param known - Every path of the schema. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  known: ReadonlyMap<string, SchemaNode>,
): EnvironmentSettings {
  const values = new Map<string, unknown>();
  const origins = new Map<string, string>();
  const faults = misspelt(env, known);
  const shown = redactor(known);
  for (const [path, node] of known) {
    const name = environmentName(path);
    const text = env[name];
    if (text === undefined || node.shape !== undefined) continue;
    const value = parseText(text, node);
    if (value !== undefined) values.set(path, value);
    else
      faults.push(`${path} (${name}): must be ${kindOf(node.def?.type)}, was '${String(shown(path, text))}'`);
    origins.set(path, name);
  }
  return { values, origins, faults };
}

/** Slips of the pen in a name that no section of settings begins. Other processes have settings with names not much further away. */
const MAX_SLIPS = 2;

/**
 * Names that were meant for a setting and are none: all that begin like a section, and elsewhere those that are nearly a setting. What is left belongs to
 * others: other processes, tests, installers.
 */
function misspelt(
  env: Readonly<Record<string, string | undefined>>,
  known: ReadonlyMap<string, SchemaNode>,
): string[] {
  const leaves = [...known].filter(([, node]) => node.shape === undefined);
  const settings = leaves.map(([path]) => withoutPrefix(environmentName(path))!);
  const sections = [...known.keys()].filter((path) => known.get(path)!.shape !== undefined);
  return Object.keys(env).flatMap((name) => {
    const part = withoutPrefix(name);
    if (part === undefined || settings.includes(part) || env[name] === undefined) return [];
    const isOfSection = sections.some((path) => name.startsWith(`${environmentName(path)}_`));
    const near = isOfSection ? closest(part, settings) : closest(part, settings, MAX_SLIPS);
    if (!isOfSection && near === undefined) return [];
    return [`${name}: is not a setting${near === undefined ? '' : `, did you mean ${ENV_PREFIX}${near}?`}`];
  });
}

/** Text of the environment as the type that the schema wants; text where it may be text; `undefined` where it can be none of it. */
function parseText(text: string, node: SchemaNode | undefined): unknown {
  switch (node?.def?.type) {
    case 'number':
    case 'int':
      return isNumber(text) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'array': {
      if (text.trim() === '') return [];
      // An item that is not of its type is told by the schema, with its place.
      return text.split(',').map((item) => parseText(item.trim(), node.def?.element) ?? item.trim());
    }
    case 'union':
      return isNumber(text) ? Number(text) : text;
    default:
      return text;
  }
}

const isNumber = (text: string): boolean => text.trim() !== '' && !Number.isNaN(Number(text));
