/** Time of an inference over REST whose caller names none, milliseconds: longer than most wait. */
export const DEFAULT_REST_TIMEOUT_MS = 30_000;
