import {
  ModelInferRequestSchema,
  ModelInferResponseSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { decodeMessage, encodeMessage } from '../../rpc/handlers.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { RequestExpired } from '../errors.ts';
import type { Tracer } from '../../tracing/tracer.ts';
import type { ModelRepository, ServedModel } from '../served-model.ts';
import { RowTrace } from '../row-trace.ts';
import { messageFromAnswer, requestFromMessage, timeoutUsOf, traceparentsOf } from './infer-messages.ts';
import { findModel, runInference } from './inference.ts';
import { LeanPlan } from './lean-plan.ts';
import { readLeanRequest } from './lean-request.ts';

/** Takes either an error or the bytes of a ModelInferResponse. */
export type InferDone = (error: unknown, response?: Uint8Array) => void;

/**
 * Answers ModelInfer on bytes. The common form (one FP32 input of shape [n, f], raw) is read and written without a general
 * decode; every other form, and everything that is wrong, goes the general way. Both give the same bytes.
 *
 * A request whose time is over is not run: the time is that of the call, or the parameter `timeout` in microseconds from the
 * arrival of the request, whichever ends first. It belongs to the recorded traces of its parameter `traceparent`, or else to that of the call.
 */
export class InferEngine {
  readonly #repository: ModelRepository;
  readonly #maxRows: number;
  readonly #clock: Clock;
  readonly #tracer: Tracer | undefined;
  readonly #plans = new WeakMap<ServedModel, LeanPlan>();
  #inFlight = 0;

  /** @param tracer - Absent where tracing is off. */
  constructor(repository: ModelRepository, maxRows: number, clock: Clock = systemClock, tracer?: Tracer) {
    this.#repository = repository;
    this.#maxRows = maxRows;
    this.#clock = clock;
    this.#tracer = tracer;
  }

  /** Rows that are asked for and not answered; a request of another form than the common one counts as one. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Calls `done` once. @param remainingMs - Time that the call has. @param traceparent - Of the call. */
  infer(bytes: Buffer, done: InferDone, remainingMs = Infinity, traceparent?: string): void {
    if (!this.#inferLean(bytes, done, remainingMs, traceparent))
      this.inferGeneral(bytes, done, remainingMs, traceparent);
  }

  /** The general way alone. */
  inferGeneral(bytes: Uint8Array, done: InferDone, remainingMs = Infinity, traceparent?: string): void {
    void this.#answer(bytes, done, remainingMs, traceparent);
  }

  async #answer(
    bytes: Uint8Array,
    done: InferDone,
    remainingMs: number,
    traceparent: string | undefined,
  ): Promise<void> {
    let response: Uint8Array;
    this.#inFlight += 1;
    try {
      response = await this.#answerBytes(bytes, remainingMs, traceparent);
    } catch (error) {
      done(error);
      return;
    } finally {
      this.#inFlight -= 1;
    }
    done(undefined, response);
  }

  async #answerBytes(
    bytes: Uint8Array,
    remainingMs: number,
    traceparent: string | undefined,
  ): Promise<Uint8Array> {
    const message = decodeMessage(ModelInferRequestSchema, bytes);
    const expiresMs = this.#expiryOf(remainingMs, timeoutUsOf(message));
    if (expiresMs <= this.#clock.monotonicMs()) throw new RequestExpired();
    const request = requestFromMessage(message);
    const trace = this.#traceOf(
      traceparentsOf(message) ?? traceparent,
      () => findModel(this.#repository, request.modelName, request.modelVersion),
      request.inputs[0]?.shape[0] ?? 1,
    );
    try {
      const answer = await runInference(this.#repository, request, this.#maxRows, expiresMs);
      trace?.end();
      return encodeMessage(ModelInferResponseSchema, messageFromAnswer(message, answer));
    } catch (error) {
      trace?.end(error);
      throw error;
    }
  }

  #traceOf(traceparents: string | undefined, model: () => ServedModel, rows: number): RowTrace | undefined {
    if (this.#tracer === undefined || traceparents === undefined) return undefined;
    return RowTrace.ofRequest(this.#tracer, traceparents, model(), rows);
  }

  /** @returns False when the request is not of the lean form; nothing has happened then. */
  #inferLean(bytes: Buffer, done: InferDone, remainingMs: number, traceparent: string | undefined): boolean {
    const request = readLeanRequest(bytes);
    if (request === undefined) return false;
    const model = this.#repository.get(request.modelName, request.modelVersion);
    if (model?.inferRows === undefined) return false;
    const plan = this.#planOf(model);
    if (!plan.accepts(request) || request.rows > this.#maxRows) return false;
    const features = new Float32Array(request.rows * request.columns);
    // The bytes lie anywhere in the message, and a Float32Array needs alignment: hence the copy.
    new Uint8Array(features.buffer).set(request.raw);
    this.#inFlight += request.rows;
    const trace = this.#traceOf(request.traceparents ?? traceparent, () => model, request.rows);
    model.inferRows(
      features,
      request.rows,
      (error, outputs) => {
        this.#inFlight -= request.rows;
        trace?.end(error);
        if (error === undefined) done(undefined, plan.write(request, outputs));
        else done(error);
      },
      this.#expiryOf(remainingMs, request.timeoutUs),
      trace?.onRun,
    );
    return true;
  }

  /** Time on the monotonic clock at which the call or the request ends, whichever is first. */
  #expiryOf(remainingMs: number, timeoutUs = Infinity): number {
    return this.#clock.monotonicMs() + Math.min(remainingMs, timeoutUs / 1000);
  }

  #planOf(model: ServedModel): LeanPlan {
    let plan = this.#plans.get(model);
    if (plan === undefined) {
      plan = new LeanPlan(model);
      this.#plans.set(model, plan);
    }
    return plan;
  }
}
