import type { PredictionModel } from '../../prediction/model-directory.ts';
import type { RevisionDirectory } from '../../prediction/traffic/revision-directory.ts';
import { type GatewayReport, reportOf } from '../../prediction/traffic/revisions-handler.ts';
import type { ModelTraffic } from '../../prediction/traffic/traffic.ts';
import type { SeenGateway } from '../../rollout/seen.ts';
import type { RevisionLoads } from './revision-loads.ts';

export interface LocalGatewayOptions {
  /** New for each start of the process: counters begin at zero with it. */
  readonly instance: string;
  readonly startedUs: number;
  readonly directory: RevisionDirectory;
  readonly loads: Pick<RevisionLoads, 'runnerOf'>;
}

/** What is followed of one model; without targets there is nothing to route. */
export interface FollowedTraffic {
  readonly model: string;
  readonly generation: number;
  readonly traffic: ModelTraffic | undefined;
}

/** The gateway that this process is to itself: follows traffic at once, over the revisions that are loaded here. */
export class LocalGateway {
  readonly #options: LocalGatewayOptions;
  readonly #generations = new Map<string, number>();
  #routed = '';
  /** By revision, as the directory has it. */
  readonly #runners = new Map<string, PredictionModel | undefined>();

  constructor(options: LocalGatewayOptions) {
    this.#options = options;
  }

  /** From now on the traffic goes like this, over whatever is loaded now. */
  follow(models: readonly FollowedTraffic[]): void {
    const { directory, loads } = this.#options;
    const routed = models.flatMap(({ traffic }) => (traffic === undefined ? [] : [traffic]));
    const text = JSON.stringify(routed);
    if (text !== this.#routed) {
      directory.setTraffic(routed);
      this.#routed = text;
      const wanted = new Set(routed.flatMap(({ targets }) => targets.map(({ revision }) => revision)));
      for (const revision of this.#runners.keys()) if (!wanted.has(revision)) this.#runners.delete(revision);
    }
    for (const { model, targets } of routed)
      for (const { revision } of targets) {
        const runner = loads.runnerOf(revision);
        if (this.#runners.get(revision) === runner) continue;
        directory.setRunner(model, revision, runner);
        this.#runners.set(revision, runner);
      }
    this.#generations.clear();
    for (const { model, generation } of models) this.#generations.set(model, generation);
  }

  /** Runners of a revision that take requests now: one or none. */
  usable(revision: string): number {
    return this.#runners.get(revision) === undefined ? 0 : 1;
  }

  seen(model: string): SeenGateway {
    const generation = this.#generations.get(model);
    return {
      ...{ instance: this.#options.instance, isReady: true },
      ...(generation === undefined ? {} : { trafficGeneration: generation }),
      usablePredictors: Object.fromEntries(
        [...this.#runners.keys()].map((revision) => [revision, this.usable(revision)]),
      ),
    };
  }

  report(): GatewayReport {
    const { instance, startedUs, directory } = this.#options;
    const pools = { usable: (_model: string, revision: string) => this.usable(revision) };
    return reportOf({ ...{ gateway: instance, startedUs, directory, pools }, isBlind: () => false });
  }
}
