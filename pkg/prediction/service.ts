import { hash } from 'node:crypto';

import type { FeatureVector } from '../features/feature-vector.ts';
import type { OnlineFeatures, OnlineStore } from '../onlinestore/online-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { TradewindError } from '../runtime/errors.ts';
import type { Span } from '../tracing/tracer.ts';
import { AnswerCache, type AnswerStore } from './answer-cache.ts';
import { Answering, type Subject } from './answering.ts';
import { PredictionOverload } from './errors.ts';
import { type Answer, explainAnswer, type Explanation } from './explanation.ts';
import type { PredictionModel } from './model-directory.ts';
import type { PromisedModel, PromisedModels, ServedListener } from './model-slo.ts';
import type { OverlaySettings } from './overlay.ts';
import type { AbstainReason, Prediction } from './prediction.ts';
import { inPredictionSpan } from './prediction-span.ts';
import type { ModelRoute, ModelRoutes, RouteObserver } from './routes.ts';

export interface PredictionSettings {
  readonly overlay: OverlaySettings;
  /** Features older than this on the clock of the market lead to an abstention, milliseconds. */
  readonly maxFeatureAgeMs: number;
  readonly cacheTtlSeconds: number;
  /** Calls under way at most; more are refused at once. */
  readonly maxInFlight: number;
  /** Set and order of the stored features. */
  readonly featureSet: string;
  readonly featureNames: readonly string[];
}

export interface PredictionServiceOptions {
  /** Those that are promised among them; where it does not say, the ones that run. */
  readonly models: ModelRoutes & Partial<PromisedModels>;
  readonly observer?: RouteObserver;
  readonly store: Pick<OnlineStore, 'getFeatures'> & AnswerStore;
  /** Where answers to given features are kept; default the store. */
  readonly answers?: AnswerStore;
  readonly settings: PredictionSettings;
  /** Clock of the market for the age of features, and a monotonic one for latency. */
  readonly clock: Clock;
  readonly onCacheLookup?: (isHit: boolean) => void;
  /** Told once of each request and each vector for a model, with what became of it in the end; not of copies for shadows. */
  readonly onServed?: ServedListener;
  /** Told of what was answered around: features or answers that the store did not give, a model that failed in the stream. */
  readonly onFailure?: (error: TradewindError) => void;
  /** Whether a vector of the stream is tried again after a failure; without it, none is. */
  readonly retryVector?: VectorRetry;
}

/**
 * Waits and says whether to try again.
 *
 * @param failures - Of this vector so far, >= 1.
 * @param startedMs - When it was tried first, on the monotonic clock.
 */
export type VectorRetry = (error: TradewindError, failures: number, startedMs: number) => Promise<boolean>;

/** What to predict: the newest features of a symbol, or features that the caller gives. */
export type PredictionRequest =
  | { readonly model: string; readonly symbol: string }
  | { readonly model: string; readonly features: ReadonlyMap<string, unknown>; readonly label?: string };

/** One request with what belongs to it. */
interface Asked {
  readonly key: () => string;
  readonly subject: Subject;
  readonly mayUseCache: boolean;
}

/** Copies for shadows under way at most: what comes above is dropped, so that a slow shadow costs the answer nothing. */
const MAX_COPIES = 256;

/** Predictions by symbol, by given features, and for every vector of a stream. Missing, stale or unready features: an abstention. */
export class PredictionService {
  readonly #options: PredictionServiceOptions;
  readonly #answering: Answering;
  #inFlight = 0;
  #copies = 0;

  constructor(options: PredictionServiceOptions) {
    this.#options = options;
    const { settings, clock, onFailure, onCacheLookup } = options;
    this.#answering = new Answering({
      cache: new AnswerCache({
        store: options.answers ?? options.store,
        ttlSeconds: settings.cacheTtlSeconds,
        clock,
        ...(onFailure === undefined ? {} : { onFailure }),
      }),
      clock,
      overlay: settings.overlay,
      featureNames: settings.featureNames,
      ...(onCacheLookup === undefined ? {} : { onCacheLookup }),
    });
  }

  listModels(): readonly PredictionModel[] {
    return this.#options.models.list();
  }

  /**
   * One prediction or abstention.
   *
   * @param timeoutMs - Time that the caller waits: a model need not run after it.
   * @param span - The call that it answers, where its trace is recorded.
   * @throws {ModelNotServed} Models are served, but none of that name.
   * @throws {PredictorsAway} The model has traffic, and nothing that runs it has been reached.
   * @throws {FeaturesInvalid} Given features are not those of the model.
   * @throws {PredictionOverload} Too many are under way.
   * @throws {ModelOutputInvalid} The model gave no probability.
   */
  async predict(request: PredictionRequest, timeoutMs = Infinity, span?: Span): Promise<Prediction> {
    const answer = await inPredictionSpan(
      span,
      (own) => this.#bounded(request, () => this.#answer(request, true, timeoutMs, own)),
      ({ prediction }) => prediction,
    );
    return answer.prediction;
  }

  /** The same answer, made anew, with everything that led to it. Throws as {@link predict} does. */
  async explain(request: PredictionRequest, timeoutMs = Infinity): Promise<Explanation> {
    const answer = await this.#bounded(request, () => this.#answer(request, false, timeoutMs));
    return explainAnswer(answer, answer.model?.overlay ?? this.#options.settings.overlay);
  }

  /**
   * Predicts for a vector of the stream, with each model that covers its symbol; where none does, an abstention says so. A model that
   * fails, and goes on to fail for as long as `retryVector` says, leads to an abstention, so that one bad run does not hold up the
   * stream; `onFailure` is told each time.
   *
   * @param span - The work that it is part of, where its trace is recorded.
   * @returns One for each model, one at least.
   */
  async predictFromVector(vector: FeatureVector, span?: Span): Promise<readonly Prediction[]> {
    const { models, clock, observer } = this.#options;
    const subject: Subject = {
      symbol: vector.symbol,
      featureTimeUs: vector.timeUs,
      featureOffset: vector.offset,
      startedMs: clock.monotonicMs(),
      expiresMs: Infinity,
    };
    const routes = models.covering(vector.symbol);
    for (const route of routes) observer?.onVector?.(vector, route);
    const predict = (name: string | undefined): Promise<Prediction> =>
      inPredictionSpan(
        span,
        (own) => this.#forVector(name, vector, own === undefined ? subject : { ...subject, span: own }),
        (prediction) => prediction,
      );
    if (routes.length === 0) return [await predict(undefined)];
    if ((models.promised?.(vector.symbol) ?? []).length > routes.length)
      this.#unreached(subject, (name) => routes.every(({ model }) => model.name !== name));
    return Promise.all(routes.map(({ model }) => predict(model.name)));
  }

  /** @param name - Of the model; `undefined` where none covered the symbol yet. */
  async #forVector(name: string | undefined, vector: FeatureVector, subject: Subject): Promise<Prediction> {
    const { models, onFailure, retryVector } = this.#options;
    for (let failures = 1; ; failures += 1) {
      // Another revision may be served by the next try.
      const route = models
        .covering(vector.symbol)
        .find(({ model }) => name === undefined || model.name === name);
      if (route === undefined) return this.#unreached(subject, (each) => name === undefined || each === name);
      try {
        const ask = (model: PredictionModel): Promise<Answer> =>
          this.#answering.fromStored(model, vector, subject);
        const { prediction } = await this.#ask(route, ask, true, failures === 1);
        this.#options.onServed?.(route.model, prediction);
        return prediction;
      } catch (error) {
        if (!(error instanceof TradewindError)) throw error;
        onFailure?.(error);
        const isTriedAgain = await retryVector?.(error, failures, subject.startedMs);
        if (isTriedAgain === true) continue;
        const { prediction } = this.#abstained(route.model, subject, 'ModelUnavailable', true);
        this.#options.onServed?.(route.model, prediction);
        return prediction;
      }
    }
  }

  /** Counts a vector against the promised models that nothing runs for its symbol. @returns What to say in their place. */
  #unreached(subject: Subject, isMeant: (name: string) => boolean): Prediction {
    const { models, onServed } = this.#options;
    const prediction = this.#answering.abstain(undefined, subject, 'ModelUnavailable');
    for (const model of models.promised?.(subject.symbol) ?? [])
      if (isMeant(model.name)) onServed?.(model, prediction);
    return prediction;
  }

  /** The model that a request means, whether or not anything runs it. */
  #meant(name: string): PromisedModel | undefined {
    const { models } = this.#options;
    const promised = [...models.list(), ...(models.promised?.() ?? [])];
    return promised.find((model) => name === '' || name === model.name);
  }

  /** Throws as `ModelRoutes` does; that nothing runs a promised model counts against it. */
  #route(name: string, key: () => string): ModelRoute {
    const { models, onServed } = this.#options;
    try {
      return models.route(name, key);
    } catch (error) {
      const asked = this.#meant(name);
      if (error instanceof TradewindError && error.kind === 'unavailable' && asked !== undefined)
        onServed?.(asked, error);
      throw error;
    }
  }

  async #bounded<T>({ model: name }: PredictionRequest, work: () => Promise<T>): Promise<T> {
    const { settings, onServed } = this.#options;
    if (this.#inFlight >= settings.maxInFlight) {
      const refusal = new PredictionOverload(settings.maxInFlight);
      const asked = this.#meant(name);
      if (asked !== undefined) onServed?.(asked, refusal);
      throw refusal;
    }
    this.#inFlight += 1;
    try {
      return await work();
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #answer(
    request: PredictionRequest,
    mayUseCache: boolean,
    timeoutMs: number,
    span?: Span,
  ): Promise<Answer> {
    const { models, clock, onServed } = this.#options;
    const startedMs = clock.monotonicMs();
    const symbol = 'symbol' in request ? request.symbol : (request.label ?? '');
    const expiresMs = startedMs + timeoutMs;
    const subject: Subject = { symbol, featureTimeUs: 0, featureOffset: -1, startedMs, expiresMs, span };
    if (models.isEmpty()) return this.#abstained(undefined, subject, 'ModelUnavailable', false);
    const key = (): string => keyOf(request);
    const route = this.#route(request.model, key);
    try {
      const answer = await this.#answerBy(route, request, { key, subject, mayUseCache });
      onServed?.(route.model, answer.prediction);
      return answer;
    } catch (error) {
      if (error instanceof TradewindError) onServed?.(route.model, error);
      throw error;
    }
  }

  async #answerBy(
    route: ModelRoute,
    request: PredictionRequest,
    { key, subject, mayUseCache }: Asked,
  ): Promise<Answer> {
    const { settings, clock } = this.#options;
    if ('features' in request) {
      const { features } = request;
      const ask = (model: PredictionModel): Promise<Answer> =>
        this.#answering.fromGiven(model, features, subject, mayUseCache);
      return this.#askRouted(request.model, key, route, ask);
    }
    const stored = await this.#newest(request.symbol);
    if (typeof stored === 'string') return this.#abstained(route.model, subject, stored, false);
    const known: Subject = { ...subject, featureTimeUs: stored.timeUs, featureOffset: stored.offset };
    const isStale = clock.nowUs() - stored.timeUs > settings.maxFeatureAgeMs * 1000;
    if (isStale) return this.#abstained(route.model, known, 'FeaturesStale', false, stored.knownTimeUs);
    return this.#askRouted(request.model, key, route, (model) =>
      this.#answering.fromStored(model, stored, known),
    );
  }

  /** The route may have changed while features or cached answers were waited for: where nobody is left on it, the new one is taken. */
  async #askRouted(
    name: string,
    key: () => string,
    route: ModelRoute,
    ask: (model: PredictionModel) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await this.#ask(route, ask, false);
    } catch (error) {
      if (!(error instanceof TradewindError && error.kind === 'unavailable')) throw error;
      const now = this.#options.models.route(name, key);
      if (now.model === route.model || now.model === route.fallback) throw error;
      return this.#ask(now, ask, false);
    }
  }

  /** Asks the model of a route, or where it fails the one that stands in for it; shadows get a copy. */
  async #ask(
    { model, fallback, shadows }: ModelRoute,
    ask: (model: PredictionModel) => Promise<Answer>,
    isOfStream: boolean,
    isCopied = true,
  ): Promise<Answer> {
    const { observer } = this.#options;
    if (isCopied) for (const shadow of shadows) this.#copy(shadow, ask, isOfStream);
    let answer: Answer;
    try {
      answer = await ask(model);
    } catch (error) {
      if (!(error instanceof TradewindError)) throw error;
      observer?.onFailure?.(model, error);
      if (fallback === undefined) throw error;
      observer?.onFallback?.(model);
      answer = await ask(fallback);
    }
    observer?.onPrediction?.(answer.model ?? model, answer.prediction, isOfStream);
    return answer;
  }

  #copy(
    shadow: PredictionModel,
    ask: (model: PredictionModel) => Promise<Answer>,
    isOfStream: boolean,
  ): void {
    const { observer } = this.#options;
    if (this.#copies >= MAX_COPIES) {
      observer?.onDropped?.(shadow);
      return;
    }
    this.#copies += 1;
    void ask(shadow)
      .then(({ prediction }) => observer?.onPrediction?.(shadow, prediction, isOfStream))
      .catch((error: unknown) => {
        if (error instanceof TradewindError) observer?.onFailure?.(shadow, error);
      })
      .finally(() => {
        this.#copies -= 1;
      });
  }

  /** Newest features of a symbol, or why there are none. */
  async #newest(symbol: string): Promise<OnlineFeatures | 'FeaturesMissing' | 'FeaturesUnavailable'> {
    const { store, settings, onFailure } = this.#options;
    try {
      const [stored] = await store.getFeatures(settings.featureSet, [symbol]);
      return stored ?? 'FeaturesMissing';
    } catch (error) {
      if (!(error instanceof TradewindError)) throw error;
      onFailure?.(error);
      return 'FeaturesUnavailable';
    }
  }

  #abstained(
    model: PredictionModel | undefined,
    subject: Subject,
    reason: AbstainReason,
    isOfStream: boolean,
    knownTimeUs = 0,
  ): Answer {
    const prediction = this.#answering.abstain(model, subject, reason);
    if (model !== undefined) this.#options.observer?.onPrediction?.(model, prediction, isOfStream);
    return { prediction, model, knownTimeUs };
  }
}

/** What requests that belong together have in common: the symbol, or where there is none the features themselves. */
function keyOf(request: PredictionRequest): string {
  if ('symbol' in request) return request.symbol;
  if (request.label !== undefined && request.label !== '') return request.label;
  const sorted = [...request.features].sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify(sorted));
}
