import { shown } from '../runtime/shown.ts';

/** Steps from an object to a part of it. */
export type Path = readonly (string | number)[];

const MAX_SHOWN = 80;

/** As in `spec.rollout.steps[2].setWeight`. */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

/** A value as a message shows it: short, an object by its fields, no user or query of an address. */
export function shownValue(path: Path, value: unknown): string {
  if (value === undefined || value === null) return 'absent';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') {
    const names = Object.keys(value);
    return names.length === 0 ? 'an empty object' : `an object with ${shown(names.join(', '), MAX_SHOWN)}`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  const isAddress = path.at(-1) === 'uri' || path.at(-1) === 'address';
  return JSON.stringify(shown(isAddress ? redacted(value) : value, MAX_SHOWN));
}

const redacted = (uri: string): string =>
  uri.replace(/\/\/[^/]*@/, '//***@').replace(/[?#].*$/s, (rest) => `${rest[0]}***`);
