/** Names of a list shown at most, and characters of each. */
const MAX_NAMES = 30;
const MAX_LENGTH = 48;

/**
 * Text that a caller gave, short enough to be given back in an error: that must fit in the trailers of an RPC.
 *
 * @param maxLength - Characters that are kept.
 */
export function shown(text: string, maxLength = MAX_LENGTH): string {
  // Cutting may halve a character outside the basic plane, which has no UTF-8.
  return text.length <= maxLength ? text : `${text.slice(0, maxLength).toWellFormed()}…`;
}

/** The first names of a list, each as {@link shown}, and how many more there are; '' for none. */
export function listed(names: readonly string[], quote = ''): string {
  const rest = names.length - MAX_NAMES;
  const first = names
    .slice(0, MAX_NAMES)
    .map((name) => `${quote}${shown(name)}${quote}`)
    .join(', ');
  return rest > 0 ? `${first} and ${rest} more` : first;
}
