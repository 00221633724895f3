import type { OnlineFeatures } from '../onlinestore/online-store.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Span } from '../tracing/tracer.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { CachedAnswer } from './cached-answer.ts';
import { ModelOutputInvalid } from './errors.ts';
import type { Answer } from './explanation.ts';
import { hashInputs, InputPlanner, orderFeatures } from './inputs.ts';
import type { PredictionModel } from './model-directory.ts';
import { applyOverlay, type OverlaySettings, riskScore } from './overlay.ts';
import type { AbstainReason, Abstention, MadePrediction } from './prediction.ts';

/** The inputs of one prediction and where they come from. */
export interface Subject {
  readonly symbol: string;
  readonly featureTimeUs: number;
  readonly featureOffset: number;
  readonly startedMs: number;
  /** Time on the monotonic clock from which on nobody waits for the answer. */
  readonly expiresMs: number;
  /** The work that it is part of, where its trace is recorded. */
  readonly span?: Span | undefined;
}

export interface AnsweringOptions {
  readonly cache: AnswerCache;
  readonly clock: Clock;
  /** Of a model that brings none of its own. */
  readonly overlay: OverlaySettings;
  /** Names of the stored values, in order. */
  readonly featureNames: readonly string[];
  readonly onCacheLookup?: (isHit: boolean) => void;
}

/** Makes the answer of one model to one subject: from inputs to recommendation, or to the reason why there is none. */
export class Answering {
  readonly #options: AnsweringOptions;
  readonly #planner: InputPlanner;

  constructor(options: AnsweringOptions) {
    this.#options = options;
    this.#planner = new InputPlanner(options.featureNames);
  }

  /** Throws what the model throws. @throws {ModelOutputInvalid} */
  async fromStored(model: PredictionModel, stored: OnlineFeatures, subject: Subject): Promise<Answer> {
    const { knownTimeUs, timeUs, values } = stored;
    // What a model was trained on says nothing of how well it predicts.
    if (timeUs >= model.trainedFromUs && timeUs <= model.trainedToUs)
      return { prediction: this.abstain(model, subject, 'InSample'), model, knownTimeUs };
    const { row, lacking } = this.#planner.pick(model, values);
    if (row === undefined) return { prediction: this.abstain(model, subject, lacking), model, knownTimeUs };
    const risk = riskScore(
      this.#planner.valueOf(values, 'volatility_20'),
      this.#planner.valueOf(values, 'bid_ask_spread'),
    );
    const answer = await infer(model, row, risk, subject);
    const prediction = this.#make(model, subject, hashInputs(row), answer, false);
    return { prediction, model, row, knownTimeUs };
  }

  /** Throws what the model throws. @throws {FeaturesInvalid | ModelOutputInvalid} */
  async fromGiven(
    model: PredictionModel,
    features: ReadonlyMap<string, unknown>,
    subject: Subject,
    mayUseCache: boolean,
  ): Promise<Answer> {
    const { cache, onCacheLookup } = this.#options;
    const row = orderFeatures(model, features);
    const inputsHash = hashInputs(row);
    const kept = mayUseCache ? await cache.find(model, inputsHash) : undefined;
    if (mayUseCache) onCacheLookup?.(kept !== undefined);
    const answer = kept ?? (await infer(model, row, riskOf(model, row), subject));
    if (kept === undefined && mayUseCache) void cache.keep(model, inputsHash, answer);
    const prediction = this.#make(model, subject, inputsHash, answer, kept !== undefined);
    return { prediction, model, row, knownTimeUs: 0 };
  }

  abstain(model: PredictionModel | undefined, subject: Subject, abstainReason: AbstainReason): Abstention {
    return { ...this.#base(model, subject, '', false), recommendation: 'abstain', abstainReason };
  }

  #make(
    model: PredictionModel,
    subject: Subject,
    inputsHash: string,
    { probabilityUp, members, risk }: CachedAnswer,
    isFromCache: boolean,
  ): MadePrediction {
    return {
      ...this.#base(model, subject, inputsHash, isFromCache),
      ...applyOverlay(model.overlay ?? this.#options.overlay, probabilityUp, members, risk),
      members,
    };
  }

  #base(model: PredictionModel | undefined, subject: Subject, inputsHash: string, isFromCache: boolean) {
    const { clock } = this.#options;
    return {
      model: model?.name ?? '',
      version: model?.version ?? '',
      modelDigest: model?.digest ?? '',
      revision: model?.revision ?? '',
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
  { expiresMs, span }: Subject,
): Promise<CachedAnswer> {
  const outputs = await model.infer(row, 1, expiresMs, span);
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
