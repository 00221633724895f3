/** Slots of a cluster over which the symbols of a feature set spread; also the commands of one read over very many. */
const BUCKETS = 64;

/** A key of Redis. */
export interface StoreKey {
  readonly name: string;
  /** Keys of one group may stand in one command: all of them outside of a cluster, those of one slot in it. */
  readonly group: string;
}

/**
 * Names keys: `prefix:{f1/<feature set>/<bucket>}:<symbol>` and `prefix:{c1/<bucket>}:<cache key>`.
 *
 * A cluster places a key by what stands in braces, so a bucket is a slot. The names are the same in every mode, and carry
 * the version of what is stored under them: another layout begins clean, beside.
 */
export class KeySpace {
  readonly #prefix: string;
  readonly #isCluster: boolean;

  /** @param prefix - Without braces. */
  constructor(prefix: string, isCluster: boolean) {
    this.#prefix = prefix;
    this.#isCluster = isCluster;
  }

  features(featureSet: string, symbol: string): StoreKey {
    return this.#key(`f1/${encodeURIComponent(featureSet.toWellFormed())}`, symbol);
  }

  cached(key: string): StoreKey {
    return this.#key('c1', key);
  }

  #key(kind: string, rest: string): StoreKey {
    const place = `${this.#prefix}:{${kind}/${bucketOf(rest)}}`;
    return { name: `${place}:${rest}`, group: this.#isCluster ? place : '' };
  }
}

/** FNV-1a over UTF-16 units: the same in every process that writes or reads. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % BUCKETS;
}
