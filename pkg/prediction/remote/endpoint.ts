import { setTimeout as sleep } from 'node:timers/promises';

import type { ModelOutputs } from '../model-runner.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type ErrorKind, TradewindError } from '../../runtime/errors.ts';
import { backoffMs, type BackoffSettings } from './backoff.ts';
import type { Load } from './balancer.ts';
import { Connection, type ConnectionSettings } from './connection.ts';
import { type EjectionState, UNBLEMISHED } from './ejection.ts';
import { PredictorLost } from './errors.ts';
import type { RemoteRevision } from './revision.ts';

export interface EndpointSettings {
  readonly connection: ConnectionSettings;
  readonly reconnect: BackoffSettings;
  /** Time between two looks at what the predictor serves: a model can be swapped in place. */
  readonly verifyMs: number;
  /** Time that requests in flight have to end once the predictor shuts down or is taken from the list. */
  readonly drainMs: number;
}

/** Where a predictor stands. Only one that is `ready` gets requests. */
export type EndpointState =
  | {
      readonly kind: 'away' | 'draining' | 'refused';
      readonly reason: string;
      /** Of the error behind it. */
      readonly code?: string;
    }
  | { readonly kind: 'ready'; readonly revision: RemoteRevision };

export interface EndpointOptions {
  readonly address: string;
  /** Name of the model; may be empty where predictors serve exactly one. */
  readonly model: string;
  readonly settings: EndpointSettings;
  readonly clock: Clock;
  readonly random: () => number;
  /** Checks that a model can be used here. @throws {ContractMismatch} */
  readonly check: (revision: RemoteRevision) => void;
  /** Told after each change of `state`. */
  readonly onState: (endpoint: Endpoint) => void;
}

/** One predictor by its address: keeps a connection to it, and knows whether and with what model it serves. */
export class Endpoint implements Load {
  readonly address: string;
  /** Kept here for the pool, which decides about it. */
  ejection: EjectionState = UNBLEMISHED;
  readonly #options: EndpointOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #state: EndpointState = { kind: 'away', reason: 'not connected yet' };
  #connection: Connection | undefined;
  #failures = 0;
  #verifying: Promise<void> | undefined;

  constructor(options: EndpointOptions) {
    this.address = options.address;
    this.#options = options;
    this.#running = this.#run();
  }

  get state(): EndpointState {
    return this.#state;
  }

  get inFlight(): number {
    return this.#connection?.inFlight ?? 0;
  }

  get maxInFlight(): number {
    return this.#options.settings.connection.maxInFlight;
  }

  /** What it serves; `undefined` unless it is ready. */
  get revision(): RemoteRevision | undefined {
    return this.#state.kind === 'ready' ? this.#state.revision : undefined;
  }

  /** Sends rows to its revision. @throws {PredictorsBusy | PredictorTimeout | PredictorLost | PredictorRefused} */
  async infer(
    features: Float32Array,
    rows: number,
    expiresMs: number,
    traceparents?: string,
  ): Promise<ModelOutputs> {
    const stream = this.#connection?.quietestStream();
    const { revision } = this;
    if (stream === undefined || revision === undefined) throw new PredictorLost(this.address);
    return stream.infer(revision.writer, features, rows, expiresMs, traceparents);
  }

  /** Looks again at what the predictor serves; a look that is under way counts. Never throws: where it cannot see, all stays as it is. */
  async verify(): Promise<void> {
    const connection = this.#connection;
    if (connection !== undefined) await this.#verify(connection).catch(() => undefined);
  }

  /** Gives the connection up, with what is in flight on it, for a new one. */
  reconnect(): void {
    this.#connection?.close();
  }

  /** Takes no new requests, lets those in flight end, and disconnects. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { settings, random } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const why = await this.#connectAndFollow().then((reason) => ({ reason }), whyOf);
      this.#become({ kind: 'away', ...why });
      if (signal.aborted) return;
      this.#failures += 1;
      const waitMs = backoffMs(this.#failures, settings.reconnect, random());
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns Why the connection ended, when it did so in order. */
  async #connectAndFollow(): Promise<string> {
    const { address, settings, clock } = this.#options;
    const connection = await Connection.open(address, settings.connection, clock);
    const { signal } = this.#closing;
    const stop = (): void =>
      void this.#drain(connection, 'taken from the list').then(() => connection.close());
    signal.addEventListener('abort', stop, { once: true });
    const verifying = setInterval(() => void this.verify(), settings.verifyMs);
    this.#connection = connection;
    try {
      if (signal.aborted) return 'closed';
      for await (const isServing of connection.health()) {
        if (isServing) {
          await this.#verify(connection);
          this.#failures = 0;
        } else if (this.#state.kind === 'away')
          this.#become({ kind: 'away', reason: 'it does not serve yet' });
        else {
          await this.#drain(connection, 'it stops serving');
          return 'it has stopped serving';
        }
      }
      return 'it has shut down';
    } finally {
      clearInterval(verifying);
      signal.removeEventListener('abort', stop);
      connection.close();
      this.#connection = undefined;
    }
  }

  async #drain(connection: Connection, reason: string): Promise<void> {
    this.#become({ kind: 'draining', reason });
    await connection.drain(this.#options.settings.drainMs);
  }

  /** @throws {RpcFailed} The predictor does not answer, which says nothing of what it serves. */
  #verify(connection: Connection): Promise<void> {
    this.#verifying ??= this.#look(connection).finally(() => {
      this.#verifying = undefined;
    });
    return this.#verifying;
  }

  async #look(connection: Connection): Promise<void> {
    let state: EndpointState;
    try {
      const revision = await connection.describe(this.#options.model);
      this.#options.check(revision);
      state = { kind: 'ready', revision };
    } catch (error) {
      if (error instanceof TradewindError && NO_ANSWER.has(error.kind)) throw error;
      state = { kind: 'refused', ...whyOf(error) };
    }
    // Meanwhile the connection may be another one, or on its way out.
    if (connection === this.#connection && !this.#isDraining()) this.#become(state);
  }

  #isDraining(): boolean {
    return this.#state.kind === 'draining';
  }

  #become(state: EndpointState): void {
    const isNew = labelOf(state) !== labelOf(this.#state);
    this.#state = state;
    if (isNew) this.#options.onState(this);
  }
}

/** Errors of a predictor that has too much to do, or is on its way out. */
const NO_ANSWER: ReadonlySet<ErrorKind> = new Set(['deadline', 'unavailable', 'exhausted']);

/** What of a state is worth telling: not each further try that fails alike, nor each look that finds the same model. */
function labelOf(state: EndpointState): string {
  return `${state.kind} ${state.kind === 'ready' ? state.revision.digest : state.reason}`;
}

function whyOf(error: unknown): { readonly reason: string; readonly code?: string } {
  const reason = error instanceof Error ? error.message : String(error);
  return error instanceof TradewindError ? { reason, code: error.code } : { reason };
}
