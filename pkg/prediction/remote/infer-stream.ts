import type { Client, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';

import { GRPCInferenceService } from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import type { ModelOutputs } from '../model-runner.ts';
import { methodPath } from '../../rpc/service-bridge.ts';
import { errorOfStatus } from '../../rpc/status.ts';
import type { Clock } from '../../runtime/clock.ts';
import { PredictorLost, PredictorRefused, PredictorsBusy, PredictorTimeout } from './errors.ts';
import { type InferAnswer, readAnswer, type RequestWriter } from './infer-codec.ts';
import { RequestLedger } from './request-ledger.ts';

const PATH = methodPath(GRPCInferenceService.method.modelStreamInfer);

export interface InferStreamOptions {
  readonly client: Client;
  /** Of the predictor, for messages. */
  readonly address: string;
  /** Requests in flight at most. */
  readonly maxInFlight: number;
  readonly clock: Clock;
  /** Told once that no answer will come any more. */
  readonly onEnd: () => void;
}

/** A request that is sent. `settle` goes away once nobody waits for its answer. */
interface Sent {
  settle: ((answer: InferAnswer | Error) => void) | undefined;
}

/**
 * One ModelStreamInfer call that stays open: many requests out, their answers in, each by its id. A request that fails is answered with
 * its failure and the stream goes on.
 */
export class InferStream {
  readonly #options: InferStreamOptions;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #ledger: RequestLedger<Sent>;
  #isOver = false;

  constructor(options: InferStreamOptions) {
    this.#options = options;
    this.#ledger = new RequestLedger(options.maxInFlight);
    this.#call = options.client.makeBidiStreamRequest(PATH, asIs, asIs, { deadline: Infinity });
    this.#call.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.#call.on('end', () => this.#over(undefined));
    this.#call.on('error', (error: ServiceError) => this.#over(errorOfStatus(error)));
  }

  /** Requests that are sent and not answered. */
  get inFlight(): number {
    return this.#ledger.size;
  }

  /**
   * Sends rows and waits for the answer.
   *
   * @param expiresMs - Time on the monotonic clock at which waiting ends; the predictor is told.
   * @param traceparents - Of recorded traces that the rows belong to, with commas between them; the predictor is told.
   * @throws {PredictorsBusy | PredictorTimeout | PredictorLost | PredictorRefused}
   */
  infer(
    writer: RequestWriter,
    features: Float32Array,
    rows: number,
    expiresMs: number,
    traceparents?: string,
  ): Promise<ModelOutputs> {
    const { address, maxInFlight, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const timeoutMs = expiresMs - clock.monotonicMs();
      if (this.#isOver) return reject(new PredictorLost(address));
      if (timeoutMs <= 0) return reject(new PredictorTimeout(address));
      const sent: Sent = { settle: undefined };
      const id = this.#ledger.open(sent);
      if (id === undefined) return reject(new PredictorsBusy(1, maxInFlight));
      const giveUp = (): void => {
        sent.settle = undefined;
        reject(new PredictorTimeout(address));
      };
      // Where this process stood still, an answer that came in time waits to be read: timers come before input, and this after it.
      const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
      sent.settle = (answer) => {
        clearTimeout(timer);
        if (answer instanceof Error) reject(answer);
        else if (answer.failure === undefined) resolve(answer.outputs);
        else reject(new PredictorRefused(address, answer.failure));
      };
      this.#call.write(writer.write(id, timeoutMs, features, rows, traceparents));
    });
  }

  /** No further request; the answers to those that are sent still come, and then the stream ends. */
  end(): void {
    this.#call.end();
  }

  /** Ends the stream at once; what is in flight is lost. */
  cancel(): void {
    this.#over(undefined);
    this.#call.cancel();
  }

  #receive(bytes: Buffer): void {
    let answer: InferAnswer;
    try {
      answer = readAnswer(bytes);
    } catch (error) {
      // Of the answers after bytes that are no message none can be trusted.
      this.#over(error);
      this.#call.cancel();
      return;
    }
    this.#ledger.close(answer.id)?.settle?.(answer);
  }

  #over(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { address, onEnd } = this.#options;
    for (const { settle } of this.#ledger.closeAll()) settle?.(new PredictorLost(address, cause));
    onEnd();
  }
}

const asIs = (bytes: Buffer): Buffer => bytes;
