import { withoutSecrets } from '../artifacts/address.ts';
import type { FetchObserver } from '../artifacts/fetch/fetch-artifact.ts';
import type { Clock } from '../runtime/clock.ts';
import { TradewindError } from '../runtime/errors.ts';
import type { HttpHandler } from '../runtime/http.ts';
import { pathOf, sendJson } from '../runtime/http.ts';

/** How far a model has come: `warm` serves. */
export type LoadState = 'fetching' | 'verifying' | 'loading' | 'warm' | 'failed';

/** What is known of the newest try to load a model; the names are public API. */
export interface ModelLoad {
  /** Name that it is or will be served under; null before it is known. */
  readonly name: string | null;
  readonly uri: string;
  /** Digest of the manifest: the expected one, or the one that was found; null before it is known. */
  readonly digest: string | null;
  readonly state: LoadState;
  /** Begin of the state, ISO 8601 in UTC. */
  readonly since: string;
  /** Bytes of the artifact's files that are here, and of all of them; 0 before they are known. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Digest of what serves meanwhile, if anything: after a new load has begun or failed it is the one of before. */
  readonly servingDigest: string | null;
  /** Where it failed: code of the error, its message, and whether it may pass by itself. */
  readonly reason?: string;
  readonly message?: string;
  readonly retryable?: boolean;
}

/** A model that is to be loaded. */
export interface AwaitedModel {
  readonly uri: string;
  readonly name?: string | undefined;
  readonly digest?: string | undefined;
}

/** Loads of the models of a process, from the first byte to the first answer. */
export class ModelLoads {
  readonly #clock: Clock;
  readonly #loads: Map<string, ModelLoad>;

  constructor(models: readonly AwaitedModel[], clock: Clock) {
    this.#clock = clock;
    this.#loads = new Map(
      models.map(({ uri, name, digest }) => [
        uri,
        {
          ...{ uri: withoutSecrets(uri), name: name ?? null, digest: digest ?? null, state: 'fetching' },
          ...{ since: this.#now(), bytesDone: 0, bytesTotal: 0, servingDigest: null },
        },
      ]),
    );
  }

  /** To be told how reading an address gets on. */
  observer(uri: string): FetchObserver {
    return {
      onPhase: (phase) => this.#enter(uri, phase),
      onManifest: (name, digest) => {
        const load = this.#loads.get(uri);
        this.#change(uri, { name: load?.name ?? name, digest });
      },
      onBytes: (bytesDone, bytesTotal) => this.#change(uri, { bytesDone, bytesTotal }),
    };
  }

  /** What was read is given to the runtime. */
  loading(uri: string): void {
    this.#enter(uri, 'loading');
  }

  warm(uri: string, name: string, digest: string): void {
    this.#enter(uri, 'warm');
    this.#change(uri, { name, digest, servingDigest: digest });
  }

  failed(uri: string, error: unknown): void {
    this.#enter(uri, 'failed');
    this.#change(
      uri,
      error instanceof TradewindError
        ? { reason: error.code, message: error.message, retryable: error.retryable }
        : { reason: 'Internal', message: 'internal error, see the log', retryable: true },
    );
  }

  /** Every model in the order of the configuration. */
  snapshot(): readonly ModelLoad[] {
    return [...this.#loads.values()];
  }

  /** Whether every model serves, be it an older one while a newer is loaded. */
  get isWarm(): boolean {
    return this.snapshot().every(({ servingDigest }) => servingDigest !== null);
  }

  #enter(uri: string, state: LoadState): void {
    const load = this.#loads.get(uri);
    if (load === undefined || load.state === state) return;
    const { reason: _, message: __, retryable: ___, ...kept } = load;
    this.#loads.set(uri, { ...kept, state, since: this.#now() });
  }

  #change(uri: string, change: Partial<ModelLoad>): void {
    const load = this.#loads.get(uri);
    if (load !== undefined) this.#loads.set(uri, { ...load, ...change });
  }

  #now(): string {
    return new Date(this.#clock.nowUs() / 1000).toISOString();
  }
}

/** Answers `GET /model-state`. */
export function modelStateHandler(loads: ModelLoads): HttpHandler {
  return (request, response) => {
    if (pathOf(request) !== '/model-state') return false;
    sendJson(response, 200, { models: loads.snapshot() });
    return true;
  };
}
