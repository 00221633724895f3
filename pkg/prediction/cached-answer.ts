/** What is kept of an answer: all that does not depend on when it was asked. Every number is in [0, 1]. */
export interface CachedAnswer {
  readonly probabilityUp: number;
  readonly members: readonly number[];
  readonly risk: number;
}

const DOUBLE_BYTES = 8;

/** Doubles: probability, risk, then the members. */
export function encodeAnswer({ probabilityUp, risk, members }: CachedAnswer): Uint8Array {
  return new Uint8Array(Float64Array.of(probabilityUp, risk, ...members).buffer);
}

/** @returns `undefined` for bytes that are no answer: a cache on a server is open to others. */
export function decodeAnswer(bytes: Uint8Array): CachedAnswer | undefined {
  if (bytes.byteLength % DOUBLE_BYTES !== 0) return undefined;
  // A copy: the bytes may lie at any offset of a larger buffer.
  const [probabilityUp, risk, ...members] = new Float64Array(Uint8Array.from(bytes).buffer);
  if (probabilityUp === undefined || risk === undefined) return undefined;
  const isAnswer = [probabilityUp, risk, ...members].every((value) => value >= 0 && value <= 1);
  return isAnswer ? { probabilityUp, risk, members } : undefined;
}
