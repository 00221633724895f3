import type { ModelOutputs } from '../model-runner.ts';
import type { Clock } from '../../runtime/clock.ts';
import { TradewindError } from '../../runtime/errors.ts';
import type { Span } from '../../tracing/tracer.ts';
import type { PredictionModel } from '../model-directory.ts';
import { predictionModel } from '../models/served-model-adapter.ts';
import { chooseOfTwo } from './balancer.ts';
import { CallSpans } from './call-spans.ts';
import type { EjectionSettings } from './ejection.ts';
import { Ejector } from './ejector.ts';
import { Endpoint, type EndpointSettings } from './endpoint.ts';
import { PredictorsAway, PredictorsBusy } from './errors.ts';
import { verdictOn } from './outcome.ts';
import { RetryBudget } from './retry-budget.ts';
import { RowGatherer } from './row-gatherer.ts';
import { chooseRevision } from './revision-choice.ts';
import type { RemoteRevision } from './revision.ts';

export interface PoolSettings {
  /** Name of the model; may be empty where predictors serve exactly one. */
  readonly model: string;
  /** Only this revision is used; without one, that which most predictors serve. */
  readonly digest?: string;
  /** Longest that a request may take in all, milliseconds. */
  readonly timeoutMs: number;
  /** Longest that the first predictor may take where another could be asked then, milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Requests of the budget of retries: its share in the long run, and what can be saved up. */
  readonly retryShare: number;
  readonly retryReserve: number;
  readonly ejection: EjectionSettings;
  readonly endpoint: EndpointSettings;
}

/** Hears what happens in a pool. */
export interface PoolObserver {
  onState?(endpoint: Endpoint): void;
  /** @param traceId - Of a recorded trace that the request belongs to. */
  onRequest?(endpoint: Endpoint, code: string, seconds: number, traceId?: string): void;
  onRetry?(code: string): void;
  onEjection?(endpoint: Endpoint, isEjected: boolean): void;
}

export interface PoolOptions {
  readonly settings: PoolSettings;
  readonly clock: Clock;
  readonly random: () => number;
  /** Checks that a model can be used here. @throws {ContractMismatch} */
  readonly check: (revision: RemoteRevision) => void;
  /** Told each time that another revision is to be used. */
  readonly onModel: (model: PredictionModel, before: PredictionModel | undefined) => void;
  readonly observer?: PoolObserver;
}

/** The predictors of one model: knows who can be asked, and asks one of them for each request. */
export class PredictorPool {
  readonly #options: PoolOptions;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #budget: RetryBudget;
  readonly #ejector: Ejector;
  #model: PredictionModel | undefined;
  /** Of the model in use: what it holds goes out before predictors are let go. */
  #gatherer: RowGatherer | undefined;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { settings, clock, observer } = options;
    this.#budget = new RetryBudget(settings.retryShare, settings.retryReserve);
    this.#ejector = new Ejector({
      settings: settings.ejection,
      probeTimeoutMs: settings.attemptTimeoutMs,
      clock,
      endpoints: () => this.endpoints,
      onChange: (endpoint, isEjected) => observer?.onEjection?.(endpoint, isEjected),
    });
  }

  /** The revision in use; `undefined` until a predictor was ready for the first time. */
  get model(): PredictionModel | undefined {
    return this.#model;
  }

  get endpoints(): readonly Endpoint[] {
    return [...this.#endpoints.values()];
  }

  /** Predictors that take requests for the revision in use now. */
  get usable(): readonly Endpoint[] {
    return this.#usable(this.#model?.digest);
  }

  /** From now on these are the predictors, `host:port`: new ones are connected to, those that are gone are let end what they do. */
  setAddresses(addresses: readonly string[]): void {
    this.#gatherer?.flush();
    const wanted = new Set(addresses);
    for (const [address, endpoint] of this.#endpoints) {
      if (wanted.has(address)) continue;
      this.#endpoints.delete(address);
      this.#ejector.forget(endpoint);
      void endpoint.close();
    }
    const { settings, clock, random, check } = this.#options;
    for (const address of wanted) {
      if (this.#isClosed || this.#endpoints.has(address)) continue;
      const endpoint = new Endpoint({
        ...{ address, model: settings.model, settings: settings.endpoint, clock, random, check },
        onState: (changed) => this.#onState(changed),
      });
      this.#endpoints.set(address, endpoint);
    }
    this.#chooseModel();
  }

  /** Lets requests in flight end, and disconnects. */
  async close(): Promise<void> {
    this.#gatherer?.flush();
    this.#isClosed = true;
    const endpoints = this.endpoints;
    for (const endpoint of endpoints) this.#ejector.forget(endpoint);
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  }

  /**
   * Sends rows to a predictor that serves the revision; where that fails and another may do better, to one more.
   *
   * @param expiresMs - Time on the monotonic clock at which waiting ends.
   * @param spans - Recorded work that the rows are part of.
   * @throws {PredictorsAway | PredictorsBusy} At once: nobody could be asked.
   * @throws {PredictorTimeout | PredictorLost | PredictorRefused} The last that was asked failed.
   */
  async infer(
    digest: string,
    features: Float32Array,
    rows: number,
    expiresMs = Infinity,
    spans?: readonly Span[],
  ): Promise<ModelOutputs> {
    const { settings, clock, observer } = this.#options;
    const nowMs = clock.monotonicMs();
    const untilMs = Math.min(expiresMs, nowMs + settings.timeoutMs);
    const usable = this.#usable(digest);
    const first = this.#pick(usable);
    this.#budget.earn();
    const attemptUntilMs = usable.length > 1 ? nowMs + settings.attemptTimeoutMs : untilMs;
    try {
      const calls = spans === undefined ? undefined : new CallSpans(spans, first.address, rows, false);
      return await this.#ask(first, features, rows, Math.min(untilMs, attemptUntilMs), calls);
    } catch (error) {
      const others = this.#usable(digest).filter((endpoint) => endpoint !== first);
      const isWorth = verdictOn(error, true).isWorthRetry && clock.monotonicMs() < untilMs;
      if (!isWorth || others.length === 0 || !this.#budget.spend()) throw error;
      observer?.onRetry?.(codeOf(error));
      const second = this.#pick(others);
      const calls = spans === undefined ? undefined : new CallSpans(spans, second.address, rows, true);
      return this.#ask(second, features, rows, untilMs, calls);
    }
  }

  /** @throws {PredictorsAway | PredictorsBusy} */
  #pick(usable: readonly Endpoint[]): Endpoint {
    const chosen = chooseOfTwo(usable, this.#options.random);
    if (chosen !== undefined) return chosen;
    const [one] = usable;
    if (one === undefined)
      throw new PredictorsAway(this.#model?.name ?? this.#options.settings.model, this.#endpoints.size);
    throw new PredictorsBusy(usable.length, one.maxInFlight);
  }

  async #ask(
    endpoint: Endpoint,
    features: Float32Array,
    rows: number,
    expiresMs: number,
    calls: CallSpans | undefined,
  ): Promise<ModelOutputs> {
    const { settings, clock, observer } = this.#options;
    const startedMs = clock.monotonicMs();
    const seconds = (): number => (clock.monotonicMs() - startedMs) / 1000;
    try {
      const outputs = await endpoint.infer(features, rows, expiresMs, calls?.traceparents);
      this.#ejector.judge(endpoint, true);
      calls?.end();
      observer?.onRequest?.(endpoint, 'ok', seconds(), calls?.traceId);
      return outputs;
    } catch (error) {
      const hadTime = expiresMs - startedMs > settings.attemptTimeoutMs / 2;
      const { isPredictorsFault, isModelGone } = verdictOn(error, hadTime);
      if (isModelGone) void endpoint.verify();
      this.#ejector.judge(endpoint, !isPredictorsFault);
      calls?.end(codeOf(error));
      observer?.onRequest?.(endpoint, codeOf(error), seconds(), calls?.traceId);
      throw error;
    }
  }

  #usable(digest: string | undefined): readonly Endpoint[] {
    if (digest === undefined) return [];
    return this.endpoints.filter(
      ({ revision, ejection }) => revision?.digest === digest && ejection.untilMs === undefined,
    );
  }

  #onState(endpoint: Endpoint): void {
    this.#options.observer?.onState?.(endpoint);
    if (endpoint.state.kind === 'ready') this.#ejector.ready(endpoint);
    this.#chooseModel();
  }

  #chooseModel(): void {
    const revisions = this.endpoints.flatMap(({ revision }) => revision ?? []);
    const { settings, onModel } = this.#options;
    const offered = revisions.map(({ digest }) => digest);
    const digest =
      settings.digest === undefined
        ? chooseRevision(offered, this.#model?.digest)
        : offered.find((each) => each === settings.digest);
    if (digest === undefined || digest === this.#model?.digest) return;
    const revision = revisions.find((each) => each.digest === digest)!;
    const before = this.#model;
    const gatherer = new RowGatherer(
      (features, rows, expiresMs, spans) => this.infer(digest, features, rows, expiresMs, spans),
      this.#options.clock,
    );
    this.#gatherer = gatherer;
    this.#model = predictionModel(revision, revision.manifest, (features, rows, expiresMs = Infinity, span) =>
      gatherer.infer(features, rows, expiresMs, span),
    );
    onModel(this.#model, before);
  }
}

const codeOf = (error: unknown): string => (error instanceof TradewindError ? error.code : 'Internal');
