import type { FeatureVector } from '../../features/feature-vector.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { TradewindError } from '../../runtime/errors.ts';
import { ModelNotServed, WeightsInvalid } from '../errors.ts';
import type { PredictionModel } from '../model-directory.ts';
import type { ModelOutputs } from '../model-runner.ts';
import type { PromisedModel, PromisedModels } from '../model-slo.ts';
import type { Prediction } from '../prediction.ts';
import { PredictorsAway } from '../remote/errors.ts';
import type { ModelRoute, ModelRoutes, RouteObserver } from '../routes.ts';
import { type GatewayCounters, RevisionCounter } from './counters.ts';
import { RevisionOutcomes, type ScoredRevision } from './outcomes.ts';
import { SymbolSplit } from './split.ts';
import type { ModelTraffic, TrafficTarget } from './traffic.ts';

/** One revision as it is routed to: what runs it is known once a predictor of it is ready. */
interface Revision {
  readonly counter: RevisionCounter;
  target: TrafficTarget;
  runner: PredictionModel | undefined;
  /** The runner as requests see it: under the name of the resource, each run counted. */
  model: PredictionModel | undefined;
}

interface Entry {
  traffic: ModelTraffic;
  split: SymbolSplit | undefined;
  readonly outcomes: RevisionOutcomes;
  readonly revisions: Map<string, Revision>;
}

/** A revision that something runs, with its part in the traffic. */
export interface RunningRevision extends Pick<TrafficTarget, 'weight' | 'isShadow'> {
  readonly model: PredictionModel;
}

/** What a gateway tells of one model. */
export interface ModelReport {
  readonly model: string;
  /** The traffic that is followed. */
  readonly trafficGeneration: number;
  readonly revisions: readonly {
    readonly revision: string;
    /** Empty until a predictor of it was ready. */
    readonly digest: string;
    readonly weight: number;
    readonly isShadow: boolean;
    /** Declared symbols that it answers. */
    readonly symbols: readonly string[];
    readonly counters: GatewayCounters;
  }[];
}

/**
 * The models of a gateway by their traffic: routes each request to one revision of its model, copies it to the shadows, and counts
 * what the revisions do. Where a revision other than the stable one fails, the stable one answers: a canary may be bad, and no
 * caller pays for it.
 */
export class RevisionDirectory implements ModelRoutes, PromisedModels, RouteObserver {
  readonly #clock: Clock;
  readonly #onProblem: (model: string, error: WeightsInvalid) => void;
  readonly #entries = new Map<string, Entry>();
  /** Where the model that was asked belongs. */
  readonly #homes = new WeakMap<PredictionModel, { readonly entry: Entry; readonly revision: Revision }>();

  /**
   * @param clock - Its monotonic time measures latency.
   * @param onProblem - Told of traffic that cannot be followed; what was followed before goes on.
   */
  constructor(clock: Clock, onProblem: (model: string, error: WeightsInvalid) => void = () => undefined) {
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** From now on the traffic goes like this. What was counted of a revision that stays is kept. */
  setTraffic(models: readonly ModelTraffic[]): void {
    const wanted = new Set(models.map(({ model }) => model));
    for (const name of this.#entries.keys()) if (!wanted.has(name)) this.#entries.delete(name);
    for (const traffic of models) {
      try {
        this.#setModel(traffic);
      } catch (error) {
        if (!(error instanceof WeightsInvalid)) throw error;
        this.#onProblem(traffic.model, error);
      }
    }
  }

  /** What runs a revision from now on; `undefined` where nothing does. */
  setRunner(model: string, revision: string, runner: PredictionModel | undefined): void {
    const entry = this.#entries.get(model);
    const found = entry?.revisions.get(revision);
    if (entry === undefined || found === undefined) return;
    found.runner = runner;
    found.model = this.#counted(entry, found);
  }

  list(): readonly PredictionModel[] {
    return [...this.#entries.values()].flatMap((entry) => stableModel(entry) ?? []);
  }

  /** Whether something runs the stable revision of every model that has traffic. */
  isReached(): boolean {
    return [...this.#entries.values()].every(
      (entry) => entry.traffic.targets.length === 0 || stableModel(entry) !== undefined,
    );
  }

  /** Every revision that something runs, the stable one of each model first. */
  running(): readonly RunningRevision[] {
    return [...this.#entries.values()].flatMap(({ traffic, revisions }) =>
      traffic.targets.flatMap(({ revision, weight, isShadow }) => {
        const model = revisions.get(revision)?.model;
        return model === undefined ? [] : [{ model, weight, isShadow }];
      }),
    );
  }

  isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Whether the traffic of a model goes over its revisions. */
  has(model: string): boolean {
    return this.#entries.has(model);
  }

  promised(symbol?: string): readonly PromisedModel[] {
    return [...this.#entries.values()].flatMap(({ split, traffic: { model: name, symbols, slo } }) => {
      if (split === undefined || (symbol !== undefined && !symbols.includes(symbol))) return [];
      return [{ name, ...(slo === undefined ? {} : { slo }) }];
    });
  }

  /**
   * @throws {ModelNotServed} No traffic goes to a model of that name.
   * @throws {PredictorsAway} Traffic does, and nothing that could answer it runs.
   */
  route(name: string, key: () => string): ModelRoute {
    const entry = name === '' && this.#entries.size === 1 ? this.#only() : this.#entries.get(name);
    if (entry?.split === undefined)
      throw new ModelNotServed(
        name,
        this.promised().map((model) => model.name),
      );
    const route = routeOf(entry, key);
    if (route !== undefined) return route;
    const { model, targets } = entry.traffic;
    throw new PredictorsAway(model, targets.flatMap(({ predictors }) => predictors).length);
  }

  covering(symbol: string): readonly ModelRoute[] {
    return [...this.#entries.values()].flatMap((entry) =>
      entry.traffic.symbols.includes(symbol) ? (routeOf(entry, () => symbol) ?? []) : [],
    );
  }

  onVector(vector: FeatureVector, { model }: ModelRoute): void {
    const home = this.#homes.get(model);
    if (home !== undefined) home.entry.outcomes.onVector(vector, scored(home.entry));
  }

  onPrediction(model: PredictionModel, prediction: Prediction, isOfStream: boolean): void {
    const home = this.#homes.get(model);
    if (home === undefined) return;
    if (prediction.recommendation === 'abstain') {
      // A model that was asked in vain has its errors counted already.
      if (prediction.abstainReason !== 'ModelUnavailable')
        home.revision.counter.abstained(prediction.abstainReason);
    } else if (isOfStream) {
      const name = home.revision.target.revision;
      const found = scored(home.entry).find(({ revision }) => revision === name);
      if (found !== undefined) home.entry.outcomes.onPrediction(found, prediction);
    }
  }

  onFailure(model: PredictionModel, { code }: TradewindError): void {
    this.#homes.get(model)?.revision.counter.failed(code);
  }

  onFallback(model: PredictionModel): void {
    this.#homes.get(model)?.revision.counter.fellBack();
  }

  onDropped(shadow: PredictionModel): void {
    this.#homes.get(shadow)?.revision.counter.dropped();
  }

  /** What is followed and what was counted since the start. */
  report(): readonly ModelReport[] {
    return [...this.#entries.values()].map(({ traffic, split, revisions }) => ({
      model: traffic.model,
      trafficGeneration: traffic.generation,
      revisions: [...revisions.values()].map(({ target, model, counter }) => ({
        revision: target.revision,
        digest: model?.digest ?? '',
        weight: target.weight,
        isShadow: target.isShadow,
        symbols: split?.symbolsOf(target.revision) ?? [],
        counters: counter.read(),
      })),
    }));
  }

  #only(): Entry | undefined {
    return this.#entries.values().next().value;
  }

  /** @throws {WeightsInvalid} Nothing has changed then. */
  #setModel(traffic: ModelTraffic): void {
    const isRouted = traffic.targets.some(({ weight }) => weight > 0);
    const split = isRouted ? new SymbolSplit(traffic.model, traffic.symbols, traffic.targets) : undefined;
    let entry = this.#entries.get(traffic.model);
    if (entry === undefined) {
      entry = { traffic, split: undefined, outcomes: new RevisionOutcomes(), revisions: new Map() };
      this.#entries.set(traffic.model, entry);
    }
    entry.traffic = traffic;
    const wanted = new Map(traffic.targets.map((target) => [target.revision, target]));
    for (const name of entry.revisions.keys()) if (!wanted.has(name)) entry.revisions.delete(name);
    for (const [name, target] of wanted) {
      const known = entry.revisions.get(name);
      if (known === undefined)
        entry.revisions.set(name, {
          ...{ counter: new RevisionCounter(), target, runner: undefined, model: undefined },
        });
      else {
        known.target = target;
        known.model = this.#counted(entry, known);
      }
    }
    entry.split = split;
  }

  #counted(entry: Entry, revision: Revision): PredictionModel | undefined {
    const { counter, target, runner } = revision;
    if (runner === undefined) return undefined;
    const { overlay, slo, model: name } = entry.traffic;
    const counted: PredictionModel = {
      ...runner,
      ...{ name, revision: target.revision },
      ...(overlay === undefined ? {} : { overlay }),
      ...(slo === undefined ? {} : { slo }),
      infer: async (features, rows, expiresMs, span) => {
        const startedMs = this.#clock.monotonicMs();
        if (runner.featureDeciles !== undefined)
          counter.asked(features, runner.featureNames, runner.featureDeciles);
        const outputs = await runner.infer(features, rows, expiresMs, span);
        // What is no answer is told as a failure by whoever wanted one, as a run that fails is.
        if (isAnswer(outputs))
          counter.answered(outputs.probabilityUp[0]!, this.#clock.monotonicMs() - startedMs);
        return outputs;
      },
    };
    this.#homes.set(counted, { entry, revision });
    return counted;
  }
}

/** What runs the revision that its traffic names first. */
function stableModel({
  traffic: {
    targets: [stable],
  },
  revisions,
}: Entry): PredictionModel | undefined {
  return stable === undefined ? undefined : revisions.get(stable.revision)?.model;
}

function routeOf(entry: Entry, key: () => string): ModelRoute | undefined {
  const { split, revisions } = entry;
  if (split === undefined) return undefined;
  const { revision, shadows } = split.route(split.hasChoice ? key() : '');
  const stable = stableModel(entry);
  // One that no predictor is ready for has not the trust of the stable one.
  const model = revisions.get(revision)?.model ?? stable;
  if (model === undefined) return undefined;
  return {
    model,
    ...(stable === undefined || stable === model ? {} : { fallback: stable }),
    shadows: shadows.flatMap((name) => {
      const shadow = revisions.get(name)?.model;
      return shadow === undefined || shadow === model ? [] : [shadow];
    }),
  };
}

/** Numbers that are probabilities, all of them. */
function isAnswer({ probabilityUp, members }: ModelOutputs): boolean {
  const isProbability = (value: number): boolean => value >= 0 && value <= 1;
  return probabilityUp.length > 0 && probabilityUp.every(isProbability) && members.every(isProbability);
}

function scored({ revisions, traffic }: Entry): readonly ScoredRevision[] {
  const stable = traffic.targets[0]?.revision;
  return [...revisions.values()].flatMap(({ model, target: { revision }, counter }) =>
    model === undefined ? [] : [{ revision, counter, label: model.label, isStable: revision === stable }],
  );
}
