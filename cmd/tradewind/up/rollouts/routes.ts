import type { PromisedModel } from '../../../../pkg/prediction/model-slo.ts';
import type { ModelDirectory, PredictionModel } from '../../../../pkg/prediction/model-directory.ts';
import type { ModelRoute, ModelRoutes } from '../../../../pkg/prediction/routes.ts';
import type { ShownModel } from '../../../../pkg/console/model-cards.ts';
import type { RevisionDirectory } from '../../../../pkg/prediction/traffic/revision-directory.ts';

/** The models of one process: those of manifests, by their traffic, and the one that was given or trained, for what no manifest covers. */
export class LaptopRoutes implements ModelRoutes {
  readonly #revisions: RevisionDirectory;
  readonly #given: ModelDirectory;

  constructor(revisions: RevisionDirectory, given: ModelDirectory) {
    this.#revisions = revisions;
    this.#given = given;
  }

  list(): readonly PredictionModel[] {
    return [...this.#revisions.list(), ...this.#others()];
  }

  /** Everything that runs, revisions on their way among it. */
  shown(): readonly ShownModel[] {
    const revisions = this.#revisions.running().map(({ model, ...share }) => ({ model, share }));
    return [...revisions, ...this.#others().map((model) => ({ model }))];
  }

  #others(): readonly PredictionModel[] {
    return this.#given.list().filter(({ name }) => !this.#revisions.has(name));
  }

  isEmpty(): boolean {
    return this.#revisions.isEmpty() && this.#given.isEmpty();
  }

  /** Without a name a manifest's model is meant, where there is one alone. */
  route(name: string, key: () => string): ModelRoute {
    const isOfManifest = name === '' ? !this.#revisions.isEmpty() : this.#revisions.has(name);
    return isOfManifest ? this.#revisions.route(name, key) : this.#given.route(name);
  }

  promised(symbol?: string): readonly PromisedModel[] {
    return this.#revisions.promised(symbol);
  }

  covering(symbol: string): readonly ModelRoute[] {
    const routes = this.#revisions.covering(symbol);
    return routes.length > 0 ? routes : this.#given.covering();
  }
}
