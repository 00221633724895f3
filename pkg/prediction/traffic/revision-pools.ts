import type { Endpoint } from '../remote/endpoint.ts';
import { type PoolOptions, PredictorPool } from '../remote/pool.ts';
import type { RevisionDirectory } from './revision-directory.ts';
import type { ModelTraffic } from './traffic.ts';

/** What the pools of all revisions have in common. */
export type RevisionPoolOptions = Omit<PoolOptions, 'onModel'> & {
  readonly directory: RevisionDirectory;
  /** Told when a revision can be asked for the first time. */
  readonly onRevision?: (model: string, revision: string, digest: string) => void;
};

interface RevisionPool {
  readonly pool: PredictorPool;
  readonly digest: string | undefined;
}

/** The predictors of every revision of every model: a pool for each, opened and closed as the traffic says. */
export class RevisionPools {
  readonly #options: RevisionPoolOptions;
  readonly #pools = new Map<string, RevisionPool>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: RevisionPoolOptions) {
    this.#options = options;
  }

  /** Predictors of all revisions. */
  get endpoints(): readonly Endpoint[] {
    return [...this.#pools.values()].flatMap(({ pool }) => pool.endpoints);
  }

  /** Follows the traffic, and tells the directory of it. Revisions that are gone are let end what they do. */
  setTraffic(models: readonly ModelTraffic[]): void {
    this.#options.directory.setTraffic(models);
    const wanted = new Set<string>();
    for (const { model, targets } of models) {
      for (const { revision, predictors, digest } of targets) {
        const key = keyOf(model, revision);
        wanted.add(key);
        let found = this.#pools.get(key);
        if (found !== undefined && found.digest !== digest) {
          this.#close(key, found.pool);
          found = undefined;
        }
        found ??= this.#open(model, revision, digest);
        found.pool.setAddresses(predictors);
      }
    }
    for (const [key, { pool }] of this.#pools) if (!wanted.has(key)) this.#close(key, pool);
  }

  /** Predictors of a revision that take requests now. */
  usable(model: string, revision: string): number {
    return this.#pools.get(keyOf(model, revision))?.pool.usable.length ?? 0;
  }

  /** Lets requests in flight end, and disconnects. */
  async close(): Promise<void> {
    for (const [key, { pool }] of this.#pools) this.#close(key, pool);
    await Promise.all(this.#closing);
  }

  #open(model: string, revision: string, digest: string | undefined): RevisionPool {
    const { directory, onRevision, settings, ...same } = this.#options;
    const pool = new PredictorPool({
      ...same,
      settings: digest === undefined ? settings : { ...settings, digest },
      onModel: (runner) => {
        directory.setRunner(model, revision, runner);
        onRevision?.(model, revision, runner.digest);
      },
    });
    const opened = { pool, digest };
    this.#pools.set(keyOf(model, revision), opened);
    return opened;
  }

  #close(key: string, pool: PredictorPool): void {
    this.#pools.delete(key);
    const closing = pool.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

const keyOf = (model: string, revision: string): string => `${model}/${revision}`;
