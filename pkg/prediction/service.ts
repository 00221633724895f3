import type { FeatureVector } from '../features/feature-vector.ts';
import type { OnlineFeatures, OnlineStore } from '../onlinestore/online-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { TradewindError } from '../runtime/errors.ts';
import { AnswerCache, type AnswerStore } from './answer-cache.ts';
import type { CachedAnswer } from './cached-answer.ts';
import { ModelOutputInvalid, PredictionOverload } from './errors.ts';
import { type Answer, explainAnswer, type Explanation } from './explanation.ts';
import { hashInputs, InputPlanner, orderFeatures } from './inputs.ts';
import type { ModelDirectory, PredictionModel } from './model-directory.ts';
import { applyOverlay, type OverlaySettings, riskScore } from './overlay.ts';
import type { AbstainReason, Abstention, MadePrediction, Prediction } from './prediction.ts';

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
  readonly models: ModelDirectory;
  readonly store: Pick<OnlineStore, 'getFeatures'> & AnswerStore;
  /** Where answers to given features are kept; default the store. */
  readonly answers?: AnswerStore;
  readonly settings: PredictionSettings;
  /** Clock of the market for the age of features, and a monotonic one for latency. */
  readonly clock: Clock;
  /** Told of every answer. */
  readonly onAnswer?: (prediction: Prediction) => void;
  readonly onCacheLookup?: (isHit: boolean) => void;
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

/** The inputs of one prediction and where they come from. */
interface Subject {
  readonly symbol: string;
  readonly featureTimeUs: number;
  readonly featureOffset: number;
  readonly startedMs: number;
  /** Time on the monotonic clock from which on nobody waits for the answer. */
  readonly expiresMs: number;
}

/** Predictions by symbol, by given features, and for every vector of a stream. Missing, stale or unready features: an abstention. */
export class PredictionService {
  readonly #options: PredictionServiceOptions;
  readonly #planner: InputPlanner;
  readonly #cache: AnswerCache;
  #inFlight = 0;

  constructor(options: PredictionServiceOptions) {
    this.#options = options;
    this.#planner = new InputPlanner(options.settings.featureNames);
    this.#cache = new AnswerCache({
      store: options.answers ?? options.store,
      ttlSeconds: options.settings.cacheTtlSeconds,
      clock: options.clock,
      ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }),
    });
  }

  listModels(): readonly PredictionModel[] {
    return this.#options.models.list();
  }

  /**
   * One prediction or abstention.
   *
   * @param timeoutMs - Time that the caller waits: a model need not run after it.
   * @throws {ModelNotServed} Models are served, but none of that name.
   * @throws {FeaturesInvalid} Given features are not those of the model.
   * @throws {PredictionOverload} Too many are under way.
   * @throws {ModelOutputInvalid} The model gave no probability.
   */
  async predict(request: PredictionRequest, timeoutMs = Infinity): Promise<Prediction> {
    return (await this.#bounded(() => this.#answer(request, true, timeoutMs))).prediction;
  }

  /** The same answer, made anew, with everything that led to it. Throws as {@link predict} does. */
  async explain(request: PredictionRequest, timeoutMs = Infinity): Promise<Explanation> {
    const answer = await this.#bounded(() => this.#answer(request, false, timeoutMs));
    return explainAnswer(answer, this.#options.settings.overlay);
  }

  /**
   * Predicts for a vector of the stream, with the only model that is served. A model that fails, and goes on to fail for as long as
   * `retryVector` says, leads to an abstention, so that one bad run does not hold up the stream; `onFailure` is told each time.
   */
  async predictFromVector(vector: FeatureVector): Promise<Prediction> {
    const { models, clock, onFailure, retryVector } = this.#options;
    const subject: Subject = {
      symbol: vector.symbol,
      featureTimeUs: vector.timeUs,
      featureOffset: vector.offset,
      startedMs: clock.monotonicMs(),
      expiresMs: Infinity,
    };
    for (let failures = 1; ; failures += 1) {
      // Another one may be served by the next try.
      const model = models.only();
      if (model === undefined) return this.#abstain(undefined, subject, 'ModelUnavailable');
      try {
        return (await this.#fromStored(model, vector, subject)).prediction;
      } catch (error) {
        if (!(error instanceof TradewindError)) throw error;
        onFailure?.(error);
        const isTriedAgain = await retryVector?.(error, failures, subject.startedMs);
        if (isTriedAgain !== true) return this.#abstain(model, subject, 'ModelUnavailable');
      }
    }
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    const { maxInFlight } = this.#options.settings;
    if (this.#inFlight >= maxInFlight) throw new PredictionOverload(maxInFlight);
    this.#inFlight += 1;
    try {
      return await work();
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #answer(request: PredictionRequest, mayUseCache: boolean, timeoutMs: number): Promise<Answer> {
    const { models, settings, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const symbol = 'symbol' in request ? request.symbol : (request.label ?? '');
    const expiresMs = startedMs + timeoutMs;
    const subject: Subject = { symbol, featureTimeUs: 0, featureOffset: -1, startedMs, expiresMs };
    if (models.isEmpty())
      return this.#abstained(undefined, this.#abstain(undefined, subject, 'ModelUnavailable'), 0);
    const model = models.get(request.model);
    if ('features' in request) return this.#fromGiven(model, request.features, subject, mayUseCache);
    const stored = await this.#newest(symbol);
    if (typeof stored === 'string') return this.#abstained(model, this.#abstain(model, subject, stored), 0);
    const known: Subject = { ...subject, featureTimeUs: stored.timeUs, featureOffset: stored.offset };
    const isStale = clock.nowUs() - stored.timeUs > settings.maxFeatureAgeMs * 1000;
    if (isStale)
      return this.#abstained(model, this.#abstain(model, known, 'FeaturesStale'), stored.knownTimeUs);
    return this.#fromStored(model, stored, known);
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

  #abstained(model: PredictionModel | undefined, prediction: Abstention, knownTimeUs: number): Answer {
    return { prediction, model, knownTimeUs };
  }

  async #fromStored(model: PredictionModel, stored: OnlineFeatures, subject: Subject): Promise<Answer> {
    const { knownTimeUs, timeUs, values } = stored;
    // What a model was trained on says nothing of how well it predicts.
    if (timeUs >= model.trainedFromUs && timeUs <= model.trainedToUs)
      return this.#abstained(model, this.#abstain(model, subject, 'InSample'), knownTimeUs);
    const { row, lacking } = this.#planner.pick(model, values);
    if (row === undefined) return this.#abstained(model, this.#abstain(model, subject, lacking), knownTimeUs);
    const risk = riskScore(
      this.#planner.valueOf(values, 'volatility_20'),
      this.#planner.valueOf(values, 'bid_ask_spread'),
    );
    const answer = await infer(model, row, risk, subject.expiresMs);
    return {
      prediction: this.#make(model, subject, hashInputs(row), answer, false),
      model,
      row,
      knownTimeUs,
    };
  }

  async #fromGiven(
    model: PredictionModel,
    features: ReadonlyMap<string, unknown>,
    subject: Subject,
    mayUseCache: boolean,
  ): Promise<Answer> {
    const row = orderFeatures(model, features);
    const inputsHash = hashInputs(row);
    const kept = mayUseCache ? await this.#cache.find(model, inputsHash) : undefined;
    if (mayUseCache) this.#options.onCacheLookup?.(kept !== undefined);
    const answer = kept ?? (await infer(model, row, riskOf(model, row), subject.expiresMs));
    if (kept === undefined && mayUseCache) void this.#cache.keep(model, inputsHash, answer);
    const prediction = this.#make(model, subject, inputsHash, answer, kept !== undefined);
    return { prediction, model, row, knownTimeUs: 0 };
  }

  #make(
    model: PredictionModel,
    subject: Subject,
    inputsHash: string,
    answer: CachedAnswer,
    isFromCache: boolean,
  ): MadePrediction {
    const { settings } = this.#options;
    const prediction: MadePrediction = {
      ...this.#base(model, subject, inputsHash, isFromCache),
      ...applyOverlay(settings.overlay, answer.probabilityUp, answer.members, answer.risk),
      members: answer.members,
    };
    this.#options.onAnswer?.(prediction);
    return prediction;
  }

  #abstain(model: PredictionModel | undefined, subject: Subject, abstainReason: AbstainReason): Abstention {
    const abstention: Abstention = {
      ...this.#base(model, subject, '', false),
      recommendation: 'abstain',
      abstainReason,
    };
    this.#options.onAnswer?.(abstention);
    return abstention;
  }

  #base(model: PredictionModel | undefined, subject: Subject, inputsHash: string, isFromCache: boolean) {
    const { clock } = this.#options;
    return {
      model: model?.name ?? '',
      version: model?.version ?? '',
      modelDigest: model?.digest ?? '',
      symbol: subject.symbol,
      featureTimeUs: subject.featureTimeUs,
      featureOffset: subject.featureOffset,
      inputsHash,
      isFromCache,
      latencyUs: (clock.monotonicMs() - subject.startedMs) * 1000,
      predictedTimeUs: clock.nowUs(),
    };
  }
}

/** Runs a model on one row. @throws {ModelOutputInvalid} An output is not in [0, 1]. */
async function infer(
  model: PredictionModel,
  row: Float32Array,
  risk: number,
  expiresMs: number,
): Promise<CachedAnswer> {
  const outputs = await model.infer(row, 1, expiresMs);
  const probabilityUp = outputs.probabilityUp[0] ?? Number.NaN;
  checkProbability(model, 'probability_up', probabilityUp);
  const members = Array.from(outputs.members);
  for (const member of members) checkProbability(model, 'members', member);
  return { probabilityUp, members, risk };
}

function checkProbability(model: PredictionModel, output: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new ModelOutputInvalid(model.name, output, value);
}

function riskOf(model: PredictionModel, row: Float32Array): number {
  const valueOf = (name: string): number => row[model.featureNames.indexOf(name)] ?? Number.NaN;
  return riskScore(valueOf('volatility_20'), valueOf('bid_ask_spread'));
}
