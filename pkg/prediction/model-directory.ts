import type { ModelRunner } from './model-runner.ts';
import type { Deciles } from '../ml/deciles.ts';
import type { LabelSettings } from '../ml/labels.ts';
import { ModelNotServed } from './errors.ts';
import type { ModelSlo } from './model-slo.ts';
import type { OverlaySettings } from './overlay.ts';
import type { ModelRoute, ModelRoutes } from './routes.ts';

/** A model that predictions are made with, and where it comes from. */
export interface PredictionModel extends ModelRunner {
  /** Features that may be absent. */
  readonly optionalFeatures: ReadonlySet<string>;
  /** Training window, UTC microseconds: features within it would be in sample. */
  readonly trainedFromUs: number;
  readonly trainedToUs: number;
  readonly dataDigest: string;
  readonly codeVersion: string;
  /** Share of gain by feature; may be empty. */
  readonly importance: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number | null>>;
  /** What a reader of the metrics must know; absent where the artifact does not say. */
  readonly warnings?: readonly string[];
  /** What it predicts. */
  readonly label: LabelSettings;
  /** Bounds between the tenths of the training data, by feature; features without are left out. */
  readonly featureDeciles?: Readonly<Record<string, Deciles>>;
  /** Name of the revision that it is, where revisions of the model are rolled out. */
  readonly revision?: string;
  /** Its own; absent where that of the process holds. */
  readonly overlay?: OverlaySettings;
  /** What is promised of its answers; absent where nobody has said. */
  readonly slo?: ModelSlo;
}

/** The models that predictions can be made with; replacing one lets calls under way end on the old one. */
export class ModelDirectory implements ModelRoutes {
  readonly #models = new Map<string, PredictionModel>();

  put(model: PredictionModel): void {
    this.#models.set(model.name, model);
  }

  remove(name: string): void {
    this.#models.delete(name);
  }

  list(): readonly PredictionModel[] {
    return [...this.#models.values()];
  }

  isEmpty(): boolean {
    return this.#models.size === 0;
  }

  /** The only model, or `undefined` where there is none or more than one. */
  only(): PredictionModel | undefined {
    return this.#models.size === 1 ? this.#models.values().next().value : undefined;
  }

  /** All requests for a model go to it. @throws {ModelNotServed} */
  route(name: string): ModelRoute {
    return { model: this.get(name), shadows: [] };
  }

  /** The only model predicts every symbol; of several, nobody has said which. */
  covering(): readonly ModelRoute[] {
    const model = this.only();
    return model === undefined ? [] : [{ model, shadows: [] }];
  }

  /** @param name - May be empty where exactly one is served. @throws {ModelNotServed} */
  get(name: string): PredictionModel {
    const model = name === '' ? this.only() : this.#models.get(name);
    if (model === undefined) throw new ModelNotServed(name, [...this.#models.keys()]);
    return model;
  }
}
