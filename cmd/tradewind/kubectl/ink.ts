import { styleText } from 'node:util';

/** How a text is meant; a terminal shows it as a colour. */
export type Tone = 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad';

/** Gives a text its tone. */
export type Ink = (text: string, tone: Tone) => string;

const FORMATS = { strong: 'bold', dim: 'dim', good: 'green', warn: 'yellow', bad: 'red' } as const;

/** For pipes and files: the text alone. */
export const plainInk: Ink = (text) => text;

/** For terminals. */
export const colourInk: Ink = (text, tone) =>
  tone === 'plain' || text === '' ? text : styleText(FORMATS[tone], text, { validateStream: false });

/**
 * Colours on a terminal that has some, and where nobody has asked for none.
 *
 * @see https://no-color.org
 */
export function inkFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Ink {
  const isUnwanted = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return stream.isTTY === true && !isUnwanted ? colourInk : plainInk;
}
