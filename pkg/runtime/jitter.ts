/** A pause up to a quarter shorter or longer, so that many who wait for the same thing do not all come back at once. */
export const jittered = (pauseMs: number): number => pauseMs * (0.75 + Math.random() / 2);
