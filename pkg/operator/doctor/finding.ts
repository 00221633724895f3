/** What was found at an installation. */
export interface Finding {
  /** Stable CamelCase word, for programs. */
  readonly reason: string;
  /** A fault keeps something from working; a warning may. */
  readonly severity: 'fault' | 'warning';
  /** `kind/name`, as kubectl takes it, or `namespace/name`. */
  readonly object: string;
  /** What is wrong, in one line; does not name the object. */
  readonly message: string;
  /** What to do, in one line; with a command where there is one. */
  readonly fix: string;
  /** How many objects have the same fault, this one included. */
  readonly count: number;
}

/** Characters of what others say that are shown. */
const SHOWN = 300;

/** What a pod, an event or a person wrote, as one line that steers no terminal. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  const line = text.replaceAll(/[\s\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ').trim();
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN - 1)}…`;
}

type Words = Pick<Finding, 'reason' | 'object' | 'message' | 'fix'>;

/** Something that does not work. */
export const fault = (words: Words): Finding => ({
  ...words,
  ...{ severity: 'fault', message: oneLine(words.message), count: 1 },
});

/** Something that may be meant. */
export const warning = (words: Words): Finding => ({ ...fault(words), severity: 'warning' });
