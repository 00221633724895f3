import type { ModelDirectory, PredictionModel } from '../../../../pkg/prediction/model-directory.ts';
import type { ModelRoute, ModelRoutes } from '../../../../pkg/prediction/routes.ts';
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
    const others = this.#given.list().filter(({ name }) => !this.#revisions.has(name));
    return [...this.#revisions.list(), ...others];
  }

  isEmpty(): boolean {
    return this.#revisions.isEmpty() && this.#given.isEmpty();
  }

  /** Without a name a manifest's model is meant, where there is one alone. */
  route(name: string, key: () => string): ModelRoute {
    const isOfManifest = name === '' ? !this.#revisions.isEmpty() : this.#revisions.has(name);
    return isOfManifest ? this.#revisions.route(name, key) : this.#given.route(name);
  }

  covering(symbol: string): readonly ModelRoute[] {
    const routes = this.#revisions.covering(symbol);
    return routes.length > 0 ? routes : this.#given.covering();
  }
}
