import type { FeatureVector } from '../features/feature-vector.ts';
import type { OnlineFeatures, OnlineStore } from '../onlinestore/online-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { type CachedAnswer, decodeAnswer, encodeAnswer } from './cached-answer.ts';
import { PredictionOverload } from './errors.ts';
import type { Explanation } from './explanation.ts';
import { hashInputs, InputPlanner, orderFeatures } from './inputs.ts';
import type { ModelDirectory, PredictionModel } from './model-directory.ts';
import { applyOverlay, explainOverlay, type OverlaySettings, riskScore } from './overlay.ts';
import {
  abstainReasonOf,
  type AbstainReason,
  type Abstention,
  type MadePrediction,
  type Prediction,
} from './prediction.ts';

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
  readonly store: OnlineStore;
  readonly settings: PredictionSettings;
  /** Clock of the market for the age of features, and a monotonic one for latency. */
  readonly clock: Clock;
  /** Told of every answer. */
  readonly onAnswer?: (prediction: Prediction) => void;
  readonly onCacheLookup?: (isHit: boolean) => void;
}

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
}

interface Answer {
  readonly prediction: Prediction;
  readonly row?: Float32Array;
  readonly knownTimeUs: number;
}

/** Predictions by symbol, by given features, and for every vector of a stream. Missing, stale or unready features: an abstention. */
export class PredictionService {
  readonly #options: PredictionServiceOptions;
  readonly #planner: InputPlanner;
  #inFlight = 0;

  constructor(options: PredictionServiceOptions) {
    this.#options = options;
    this.#planner = new InputPlanner(options.settings.featureNames);
  }

  listModels(): readonly PredictionModel[] {
    return this.#options.models.list();
  }

  /** @throws {ModelNotServed | FeaturesInvalid | PredictionOverload} */
  async predict(request: PredictionRequest): Promise<Prediction> {
    return (await this.#bounded(() => this.#answer(request))).prediction;
  }

  /** The same answer with everything that led to it. */
  async explain(request: PredictionRequest): Promise<Explanation> {
    const { prediction, row, knownTimeUs } = await this.#bounded(() => this.#answer(request, true));
    const model = this.#options.models.get(request.model);
    const isMade = abstainReasonOf(prediction) === undefined;
    const made = prediction as MadePrediction;
    return {
      prediction,
      features: model.featureNames.map((name, i) => ({
        name,
        value: row?.[i] ?? Number.NaN,
        importance: model.importance[name] ?? 0,
      })),
      members: isMade
        ? model.memberNames.map((member, i) => ({ member, probabilityUp: made.members[i]! }))
        : [],
      overlay: isMade ? explainOverlay(this.#options.settings.overlay, made) : [],
      lineage: {
        modelDigest: model.digest,
        dataDigest: model.dataDigest,
        codeVersion: model.codeVersion,
        featureSet: model.featureSet,
        featureOffset: prediction.featureOffset,
        featureTimeUs: prediction.featureTimeUs,
        knownTimeUs,
      },
    };
  }

  /** Predicts for a vector of the stream, with the only model that is served. Never throws for what the data lack. */
  async predictFromVector(vector: FeatureVector): Promise<Prediction> {
    const { models, clock } = this.#options;
    const subject: Subject = {
      symbol: vector.symbol,
      featureTimeUs: vector.timeUs,
      featureOffset: vector.offset,
      startedMs: clock.monotonicMs(),
    };
    const model = models.only();
    if (model === undefined) return this.#abstain(undefined, subject, 'ModelUnavailable');
    const isInSample = vector.timeUs >= model.trainedFromUs && vector.timeUs <= model.trainedToUs;
    if (isInSample) return this.#abstain(model, subject, 'InSample');
    return (await this.#fromStored(model, vector, subject)).prediction;
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

  async #answer(request: PredictionRequest, skipCache = false): Promise<Answer> {
    const { models, store, settings, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const model = models.get(request.model);
    if ('features' in request)
      return this.#fromGiven(model, request.features, request.label ?? '', startedMs, skipCache);
    const subject: Subject = { symbol: request.symbol, featureTimeUs: 0, featureOffset: -1, startedMs };
    const [stored] = await store.getFeatures(settings.featureSet, [request.symbol]);
    if (stored === undefined)
      return { prediction: this.#abstain(model, subject, 'FeaturesMissing'), knownTimeUs: 0 };
    const known: Subject = { ...subject, featureTimeUs: stored.timeUs, featureOffset: stored.offset };
    if (clock.nowUs() - stored.timeUs > settings.maxFeatureAgeMs * 1000) {
      return { prediction: this.#abstain(model, known, 'FeaturesStale'), knownTimeUs: stored.knownTimeUs };
    }
    return this.#fromStored(model, stored, known);
  }

  async #fromStored(model: PredictionModel, stored: OnlineFeatures, subject: Subject): Promise<Answer> {
    const { row, lacking } = this.#planner.pick(model, stored.values);
    const { knownTimeUs } = stored;
    if (row === undefined) return { prediction: this.#abstain(model, subject, lacking), knownTimeUs };
    const risk = riskScore(
      this.#planner.valueOf(stored.values, 'volatility_20'),
      this.#planner.valueOf(stored.values, 'bid_ask_spread'),
    );
    const { probabilityUp, members } = await this.#infer(model, row);
    return {
      prediction: this.#make(model, subject, hashInputs(row), { probabilityUp, members, risk }, false),
      row,
      knownTimeUs,
    };
  }

  async #fromGiven(
    model: PredictionModel,
    features: ReadonlyMap<string, unknown>,
    symbol: string,
    startedMs: number,
    skipCache: boolean,
  ): Promise<Answer> {
    const { store, settings, onCacheLookup } = this.#options;
    const row = orderFeatures(model, features);
    const subject: Subject = { symbol, featureTimeUs: 0, featureOffset: -1, startedMs };
    const inputsHash = hashInputs(row);
    const key = `prediction/${model.digest}/${inputsHash}`;
    const kept = skipCache ? undefined : await store.getCached(key);
    if (!skipCache) onCacheLookup?.(kept !== undefined);
    const answer = kept === undefined ? await this.#inferAnswer(model, row) : decodeAnswer(kept);
    if (kept === undefined && !skipCache)
      await store.putCached(key, encodeAnswer(answer), settings.cacheTtlSeconds);
    return {
      prediction: this.#make(model, subject, inputsHash, answer, kept !== undefined),
      row,
      knownTimeUs: 0,
    };
  }

  async #inferAnswer(model: PredictionModel, row: Float32Array): Promise<CachedAnswer> {
    const valueOf = (name: string): number => row[model.featureNames.indexOf(name)] ?? Number.NaN;
    const risk = riskScore(valueOf('volatility_20'), valueOf('bid_ask_spread'));
    return { ...(await this.#infer(model, row)), risk };
  }

  async #infer(model: PredictionModel, row: Float32Array) {
    const { probabilityUp, members } = await model.infer(row, 1);
    return { probabilityUp: probabilityUp[0]!, members: [...members] };
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
