/** Seeded random numbers, the same on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Exponential with mean 1. */
  exponential(): number;
}

/**
 * sfc32 (Doty-Humphrey, PractRand; public domain) seeded by hashing `seed` and `stream`: streams of one seed are
 * independent.
 */
export function createRandom(seed: number, stream = ''): Random {
  let h = 0x811c9dc5 ^ seed;
  // A bitwise operator takes the low 32 bits alone.
  const high = Math.trunc(seed / 2 ** 32);
  if (high !== 0) h = Math.imul(h, 0x01000193) ^ high;
  for (let i = 0; i < stream.length; i += 1) h = Math.imul(h ^ stream.charCodeAt(i), 0x01000193);
  let a = h | 0;
  let b = Math.imul(h, 0x9e3779b1) | 0;
  let c = (h ^ 0x5bf03635) | 0;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i += 1) next();
  const uniform = (): number => next() / 4294967296;
  return {
    uniform,
    // Box and Muller (1958); the second of the pair is not kept, so that the state stays small.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    exponential: () => -Math.log(1 - uniform()),
  };
}
