import type { TradewindError } from '../../runtime/errors.ts';
import { StoreUnavailable } from '../errors.ts';
import { type Client, createClient } from './client.ts';
import { toStoreError } from './client-errors.ts';
import type { RedisLogger, RedisSettings } from './config.ts';
import { watchSentinels } from './sentinel-watch.ts';

const EVENTS_OF_FAILURE = ['error', 'node error', 'sentinelError'] as const;

/** The way to Redis: every command ends within its time-out, with an answer or with an error of ours. */
export class RedisLink {
  readonly #client: Client;
  readonly #server: string;
  readonly #timeoutMs: number;
  readonly #endWatch: () => void;
  /** Why the server cannot be asked; `undefined` while it can. */
  #failure: TradewindError | undefined;
  #mustReconnect = false;
  #isClosed = false;

  private constructor(settings: RedisSettings, logger: RedisLogger) {
    this.#server = settings.addresses.join(', ');
    this.#timeoutMs = settings.commandTimeoutMs;
    this.#client = createClient(settings);
    this.#failure = new StoreUnavailable(this.#server, 'not connected yet');
    this.#watch(logger);
    this.#endWatch =
      settings.mode === 'sentinel' ? watchSentinels(settings, () => this.reconnect()) : () => undefined;
  }

  /**
   * Connects, trying again for `connectTimeoutMs`.
   *
   * @throws {StoreAccessDenied} At once: no retry mends a wrong password. {@link StoreRefused} likewise.
   * @throws {StoreUnavailable} The server could not be used in time.
   */
  static async open(settings: RedisSettings, logger: RedisLogger): Promise<RedisLink> {
    const link = new RedisLink(settings, logger);
    try {
      await link.#firstContact(settings.connectTimeoutMs);
      return link;
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** @throws {StoreUnavailable} Or another error that tells why the server cannot be asked now. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Values of keys of one group; `null` where there is none. */
  read(keys: readonly string[]): Promise<readonly (Buffer | null)[]> {
    return this.#ask(() => this.#client.mgetBuffer([...keys]));
  }

  async write(key: string, value: Buffer, ttlMs: number): Promise<void> {
    await this.#ask(() => this.#client.set(key, value, 'PX', ttlMs));
  }

  /** Writes the frames that are newer, to keys of one group. @returns Whether each was written. */
  async putNewer(
    keys: readonly string[],
    frames: readonly Buffer[],
    ttlMs: number,
  ): Promise<readonly boolean[]> {
    const answer = await this.#ask(() =>
      this.#client.putNewer(keys.length, ...keys, String(ttlMs), ...frames),
    );
    return answer.map((written) => written === 1);
  }

  /**
   * Looks for the primary anew, at once or as soon as the connection that is being made is there: told in between, ioredis
   * would end for good.
   */
  reconnect(): void {
    this.#mustReconnect = this.#client.status !== 'ready';
    if (!this.#mustReconnect) this.#client.disconnect(true);
  }

  /** Cuts the connections. What is still under way fails; `QUIT` is not sent, since a server that is away never answers it. */
  close(): void {
    this.#isClosed = true;
    this.#endWatch();
    this.#client.disconnect();
  }

  #watch(logger: RedisLogger): void {
    const server = this.#server;
    for (const event of EVENTS_OF_FAILURE) {
      this.#client.on(event, (error: Error) => {
        const failure = toStoreError(error, server);
        // A node or sentinel may be lost while the others serve.
        if (this.#failure !== undefined) this.#failure = failure;
        logger.debug({ reason: error.message, server }, 'online store: connection failed');
      });
    }
    this.#client.on('close', () => {
      if (this.#failure !== undefined || this.#isClosed) return;
      this.#failure = new StoreUnavailable(server, 'the connection is lost');
      logger.warn({ server }, 'online store lost');
    });
    this.#client.on('ready', () => {
      if (this.#mustReconnect) {
        this.reconnect();
        return;
      }
      this.#failure = undefined;
      logger.info({ server }, 'online store connected');
    });
  }

  async #firstContact(timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(this.#failure), timeoutMs);
    const giveUp = (): void => {
      if (this.#failure !== undefined && !this.#failure.retryable) reject(this.#failure);
    };
    this.#client.once('ready', resolve);
    for (const event of EVENTS_OF_FAILURE) this.#client.on(event, giveUp);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      for (const event of EVENTS_OF_FAILURE) this.#client.off(event, giveUp);
    }
  }

  /** Sends a command and waits for its answer for as long as the time-out. */
  async #ask<T>(command: () => Promise<T>): Promise<T> {
    this.check();
    const { promise: late, reject } = Promise.withResolvers<never>();
    // One more round of the loop: where our own work held it up, the answer may be waiting in the socket.
    const timer = setTimeout(
      () =>
        setImmediate(() => reject(new StoreUnavailable(this.#server, `no answer in ${this.#timeoutMs} ms`))),
      this.#timeoutMs,
    );
    try {
      return await Promise.race([command().catch((error: unknown) => this.#fail(error)), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(error: unknown): never {
    throw toStoreError(error, this.#server);
  }
}
