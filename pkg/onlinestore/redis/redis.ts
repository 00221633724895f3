import { StoreClosed, StoreOverloaded } from '../errors.ts';
import { checkFeatures, checkTtl, type OnlineFeatures, type OnlineStore } from '../online-store.ts';
import { type RedisLogger, type RedisOnlineStoreConfig, type RedisSettings, withDefaults } from './config.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { KeySpace, type StoreKey } from './keys.ts';
import { RedisLink } from './link.ts';
import { type Keyed, TurnBatcher } from './turn-batcher.ts';

/** Keys of one MGET, and of one run of the script: fractions of a millisecond of the server's only thread. */
const MAX_READS = 1000;
const MAX_WRITES = 250;
/** Milliseconds beyond which Redis takes no time to live; some 30,000 years. */
const MAX_TTL_MS = 1e15;

interface FeatureWrite extends Keyed {
  readonly frame: Buffer;
}

/** The online store on Redis 7 or newer, or what speaks its protocol, through ioredis: one server, sentinels or a cluster. */
export class RedisOnlineStore implements OnlineStore {
  readonly #settings: RedisSettings;
  readonly #link: RedisLink;
  readonly #keys: KeySpace;
  readonly #reads: TurnBatcher<Keyed, Buffer | null>;
  readonly #writes: TurnBatcher<FeatureWrite, boolean>;
  readonly #underWay = new Set<Promise<unknown>>();
  #pending = 0;
  #closing: Promise<void> | undefined;

  private constructor(settings: RedisSettings, link: RedisLink) {
    const ttlMs = ttlMsOf(settings.featureTtlSeconds);
    this.#settings = settings;
    this.#link = link;
    this.#keys = new KeySpace(settings.prefix, settings.mode === 'cluster');
    this.#reads = new TurnBatcher((items) => link.read(items.map(({ key }) => key.name)), MAX_READS);
    this.#writes = new TurnBatcher(
      (items) =>
        link.putNewer(
          items.map(({ key }) => key.name),
          items.map(({ frame }) => frame),
          ttlMs,
        ),
      MAX_WRITES,
    );
  }

  /**
   * Reaches the server, reads one key, and gives the store.
   *
   * @throws {StoreValueInvalid} The time to live is out of its bounds.
   * @throws {StoreAccessDenied} At once, for a wrong user, password or certificate. {@link StoreRefused} for a wrong mode.
   * @throws {StoreUnavailable} No server could be used within `connectTimeoutMs`.
   */
  static async open(
    config: RedisOnlineStoreConfig,
    { logger }: { readonly logger: RedisLogger },
  ): Promise<RedisOnlineStore> {
    const settings = withDefaults(config);
    checkTtl(settings.featureTtlSeconds);
    const link = await RedisLink.open(settings, logger);
    const store = new RedisOnlineStore(settings, link);
    try {
      await store.getCached('');
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async putFeatures(vectors: readonly OnlineFeatures[]): Promise<readonly boolean[]> {
    this.#checkOpen();
    vectors.forEach(checkFeatures);
    return this.#bounded(vectors.length, () =>
      this.#writes.add(
        vectors.map((vector) => ({
          key: this.#keys.features(vector.featureSet, vector.symbol),
          frame: encodeFrame(vector),
        })),
      ),
    );
  }

  async getFeatures(
    featureSet: string,
    symbols: readonly string[],
  ): Promise<readonly (OnlineFeatures | undefined)[]> {
    this.#checkOpen();
    const frames = await this.#read(symbols.map((symbol) => this.#keys.features(featureSet, symbol)));
    return frames.map((frame, at) =>
      frame === null ? undefined : decodeFrame(featureSet, symbols[at]!, frame),
    );
  }

  async putCached(key: string, value: Uint8Array, ttlSeconds: number): Promise<void> {
    this.#checkOpen();
    checkTtl(ttlSeconds);
    const { name } = this.#keys.cached(key);
    const copy = Buffer.from(value);
    return this.#bounded(1, () => this.#link.write(name, copy, ttlMsOf(ttlSeconds)));
  }

  async getCached(key: string): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    const [value] = await this.#read([this.#keys.cached(key)]);
    return value === null || value === undefined ? undefined : Uint8Array.from(value);
  }

  /** What is under way ends first, which takes no longer than its time-out. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    this.#link.close();
  }

  #read(keys: readonly StoreKey[]): Promise<readonly (Buffer | null)[]> {
    return this.#bounded(keys.length, () => this.#reads.add(keys.map((key) => ({ key }))));
  }

  /**
   * Does work on so many keys, unless too many are under way: a server that falls behind must not fill our memory. One call is
   * never too large by itself.
   */
  async #bounded<T>(keys: number, work: () => Promise<T>): Promise<T> {
    const { maxPending } = this.#settings;
    if (keys > 0) this.#link.check();
    if (this.#pending >= maxPending) throw new StoreOverloaded(maxPending);
    this.#pending += keys;
    const done = work();
    this.#underWay.add(done);
    try {
      return await done;
    } finally {
      this.#underWay.delete(done);
      this.#pending -= keys;
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new StoreClosed();
  }
}

const ttlMsOf = (ttlSeconds: number): number =>
  Math.min(Math.max(1, Math.round(ttlSeconds * 1000)), MAX_TTL_MS);
