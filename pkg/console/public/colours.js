/** @type {Map<string, string>} */
const known = new Map();

/**
 * A colour of the style sheet for the theme in use, as a canvas takes it.
 *
 * @param {'ink' | 'muted' | 'line' | 'accent' | 'band' | 'member' | 'buy' | 'sell' | 'warn'} name
 * @returns {string}
 */
export function colour(name) {
  const before = known.get(name);
  if (before !== undefined) return before;
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  known.set(name, value);
  return value;
}

/** To be called when the theme has changed. */
export function forgetColours() {
  known.clear();
}
