import { setTimeout as sleep } from 'node:timers/promises';

import { decide } from '../../rollout/decide.ts';
import type { RolloutEvent } from '../../rollout/decision.ts';
import { canonicalJson } from '../../tradingmodel/revision.ts';
import { API_VERSION } from '../../tradingmodel/resource.ts';
import { TradewindError } from '../../runtime/errors.ts';
import { trafficOf } from '../gateway-traffic.ts';
import type { ModelWithStatus } from '../rollout-metrics.ts';
import { actLocally } from './act.ts';
import type { LocalGateway } from './local-gateway.ts';
import { ManifestFolder } from './manifest-folder.ts';
import type { KeptModel, ModelFiles } from './model-files.ts';
import { type LocalModel, type LocalObserveOptions, observeLocally } from './observe.ts';
import type { RevisionLoads } from './revision-loads.ts';

/** What the controller tells of. */
export interface LocalListener {
  onEvent(model: string, event: RolloutEvent): void;
  /** A manifest or an action that cannot be used; what was before holds. */
  onProblem(subject: string, fault: string): void;
}

export interface LocalControllerOptions extends Omit<LocalObserveOptions, 'gateway' | 'loads'> {
  readonly files: ModelFiles;
  readonly gateway: LocalGateway;
  readonly loads: RevisionLoads;
  readonly listener: LocalListener;
  readonly pollMs: number;
}

type Kept = Pick<LocalModel, 'generation' | 'spec' | 'status' | 'revisions'>;

/**
 * The controller of the TradingModels in a folder: the same decisions as in a cluster, carried out by loading models into this process
 * and routing between them. Everything that a decision rests on is in files, so that another start goes on where this one was.
 */
export class LocalController {
  readonly #options: LocalControllerOptions;
  readonly #manifests: ManifestFolder;
  readonly #kept = new Map<string, Kept>();
  readonly #faults = new Map<string, string>();

  private constructor(options: LocalControllerOptions) {
    this.#options = options;
    const { files, listener } = options;
    this.#manifests = new ManifestFolder(files.manifests, (file, fault) => listener.onProblem(file, fault));
  }

  /** Loads what was loaded when the process ended, and then follows the traffic of then: no revision loses it for a restart. */
  static async open(options: LocalControllerOptions): Promise<LocalController> {
    const controller = new LocalController(options);
    for (const [name, kept] of await options.files.readModels())
      controller.#kept.set(name, { ...kept, revisions: await options.files.readRevisions(name) });
    controller.#load();
    await options.loads.settled();
    controller.#route();
    return controller;
  }

  /** Models that are kept or asked for. */
  async names(): Promise<readonly string[]> {
    const { specs } = await this.#manifests.read();
    return [...new Set([...this.#kept.keys(), ...specs.keys()])];
  }

  /** What is said of each model that is kept. */
  statuses(): readonly ModelWithStatus[] {
    return [...this.#kept].map(([model, { status }]) => ({ model, status }));
  }

  /** Brings every model forward, again and again; what cannot be done with one of them is told, and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.step();
      await sleep(this.#options.pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Brings every model forward once. */
  async step(): Promise<void> {
    const { names, specs } = await this.#manifests.read();
    for (const name of new Set([...this.#kept.keys(), ...specs.keys()])) {
      const kept = this.#kept.get(name);
      const spec = specs.get(name) ?? kept?.spec;
      if (spec === undefined) continue;
      try {
        await this.#reconcile(name, kept, spec, !names.has(name));
        this.#tell(`rollout of ${name}`, undefined);
      } catch (error) {
        // One model that cannot be brought forward must not hold up the others, nor the market.
        if (!(error instanceof TradewindError)) throw error;
        this.#tell(`rollout of ${name}`, error.message);
      }
    }
    this.#load();
    this.#route();
  }

  async #reconcile(
    name: string,
    kept: Kept | undefined,
    spec: KeptModel['spec'],
    isDeleting: boolean,
  ): Promise<void> {
    const { files, listener } = this.#options;
    const isSame = kept !== undefined && canonicalJson(kept.spec) === canonicalJson(spec);
    const model: LocalModel = {
      ...{ name, spec, isDeleting, action: await files.readAction(name) },
      generation: isSame ? kept.generation : (kept?.generation ?? 0) + 1,
      status: kept?.status ?? {},
      revisions: kept?.revisions ?? [],
    };
    const { seen, actionFault } = observeLocally(this.#options, model);
    this.#tell(`action of ${name}`, actionFault);
    const { actions, status, events } = decide(seen);
    const { revisions, isGone } = await actLocally(files, model, actions);
    for (const event of events) listener.onEvent(name, event);
    if (isGone) {
      this.#kept.delete(name);
      return;
    }
    const { generation } = model;
    if (!isSame || canonicalJson(status) !== canonicalJson(model.status))
      await files.writeModel(name, { generation, spec, status });
    this.#kept.set(name, { generation, spec, status, revisions });
  }

  /** What is to be loaded is what is kept, of all models. */
  #load(): void {
    const revisions = [...this.#kept.values()].flatMap((kept) => kept.revisions);
    this.#options.loads.want(revisions.filter(({ deployment }) => (deployment?.replicas ?? 0) > 0));
  }

  #route(): void {
    this.#options.gateway.follow(
      [...this.#kept].map(([model, { spec, status }]) => ({
        ...{ model, generation: status.trafficGeneration ?? 0 },
        traffic: trafficOf(
          { apiVersion: API_VERSION, kind: 'TradingModel', metadata: { name: model }, spec, status },
          () => [],
        ),
      })),
    );
  }

  /** A fault is told once, until it is another. */
  #tell(subject: string, fault: string | undefined): void {
    if (fault !== undefined && this.#faults.get(subject) !== fault)
      this.#options.listener.onProblem(subject, fault);
    if (fault === undefined) this.#faults.delete(subject);
    else this.#faults.set(subject, fault);
  }
}
