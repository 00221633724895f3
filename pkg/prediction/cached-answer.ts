/** What is kept of an answer: all that does not depend on when it was asked. */
export interface CachedAnswer {
  readonly probabilityUp: number;
  readonly members: readonly number[];
  readonly risk: number;
}

/** Doubles: probability, risk, then the members. */
export function encodeAnswer({ probabilityUp, risk, members }: CachedAnswer): Uint8Array {
  return new Uint8Array(Float64Array.of(probabilityUp, risk, ...members).buffer);
}

export function decodeAnswer(bytes: Uint8Array): CachedAnswer {
  // A copy: the bytes may lie at any offset of a larger buffer.
  const [probabilityUp = Number.NaN, risk = Number.NaN, ...members] = new Float64Array(bytes.slice().buffer);
  return { probabilityUp, risk, members };
}
