import { Client } from '@grpc/grpc-js';

import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../../proto/gen/grpc/health/v1/health_pb.ts';
import { GRPCInferenceService } from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { ModelService } from '../../../proto/gen/tradewind/v1/model_pb.ts';
import { channelOptionsOf, createRpcClient, credentialsOf, type RpcClient } from '../../rpc/client.ts';
import { type ClientTls, probeTls } from '../../rpc/tls-probe.ts';
import type { Clock } from '../../runtime/clock.ts';
import { InferStream } from './infer-stream.ts';
import { readRevision, type RemoteRevision } from './revision.ts';

/** How a connection to a predictor is kept. */
export interface ConnectionSettings {
  /** Time that connecting, and each question about the model, may take. */
  readonly connectTimeoutMs: number;
  /** Silence after which a ping is sent, and time that its answer may take: then the connection counts as lost. */
  readonly keepAliveMs: number;
  /** Streams of inferences side by side. */
  readonly streams: number;
  /** Requests in flight at most; each stream has an equal part. */
  readonly maxInFlight: number;
  /** Certificates of the next connection; plain text without. */
  readonly tls?: () => ClientTls;
}

/** One HTTP/2 connection to one predictor, from when it is up until it is lost or closed. It is never mended: the next one is new. */
export class Connection {
  readonly maxInFlight: number;
  readonly #address: string;
  readonly #client: Client;
  readonly #health: RpcClient<typeof Health>;
  readonly #oip: RpcClient<typeof GRPCInferenceService>;
  readonly #models: RpcClient<typeof ModelService>;
  readonly #watching = new AbortController();
  readonly #open = new Set<InferStream>();
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  private constructor(address: string, settings: ConnectionSettings, tls: ClientTls | undefined) {
    this.#address = address;
    this.maxInFlight = settings.maxInFlight;
    const { keepAliveMs } = settings;
    this.#client = new Client(address, credentialsOf(tls), {
      ...channelOptionsOf(tls),
      'grpc.keepalive_time_ms': keepAliveMs,
      'grpc.keepalive_timeout_ms': keepAliveMs,
      'grpc.keepalive_permit_without_calls': 1,
      // A connection of its own, whatever others to the same address do.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_channelz': 0,
      'grpc.service_config_disable_resolution': 1,
    });
    const shared = { channel: this.#client.getChannel(), defaultDeadlineMs: settings.connectTimeoutMs };
    this.#health = createRpcClient(Health, address, shared);
    this.#oip = createRpcClient(GRPCInferenceService, address, shared);
    this.#models = createRpcClient(ModelService, address, shared);
  }

  /** @throws {RpcFailed} The predictor cannot be reached within `connectTimeoutMs`; where TLS is why, the error that says so. */
  static async open(address: string, settings: ConnectionSettings, clock: Clock): Promise<Connection> {
    const tls = settings.tls?.();
    const connection = new Connection(address, settings, tls);
    try {
      await connection.#health.waitForReady(settings.connectTimeoutMs);
    } catch (error) {
      connection.close();
      throw (
        (tls === undefined ? undefined : await probeTls(address, tls, settings.connectTimeoutMs)) ?? error
      );
    }
    connection.#openStreams(settings, clock);
    return connection;
  }

  /** Requests that are sent and not answered. */
  get inFlight(): number {
    let count = 0;
    for (const stream of this.#open) count += stream.inFlight;
    return count;
  }

  /**
   * Whether the predictor serves, each time that it changes; ends when it shuts down.
   *
   * @throws {RpcFailed} The connection was lost.
   */
  async *health(): AsyncGenerator<boolean> {
    const { signal } = this.#watching;
    for await (const { status } of this.#health.call.watch({ service: '' }, { signal }))
      yield status === ServingStatus.SERVING;
  }

  /**
   * The model that the predictor serves, checked by its digest.
   *
   * @param name - May be empty where it serves exactly one.
   * @throws {RpcFailed | ManifestInvalid | ContractMismatch} It has none that could be used.
   */
  describe(name: string): Promise<RemoteRevision> {
    return readRevision(this.#address, name, this.#models.call, this.#oip.call);
  }

  /** The stream with the fewest requests in flight; `undefined` once the connection is lost or drains. */
  quietestStream(): InferStream | undefined {
    if (this.#isDraining) return undefined;
    let quietest: InferStream | undefined;
    for (const stream of this.#open)
      if (quietest === undefined || stream.inFlight < quietest.inFlight) quietest = stream;
    return quietest;
  }

  /** Takes no new requests; resolves when those in flight are answered, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#open.size === 0) return;
    const empty = Promise.withResolvers<void>();
    this.#onEmpty = empty.resolve;
    const timer = setTimeout(empty.resolve, timeoutMs);
    for (const stream of this.#open) stream.end();
    await empty.promise;
    clearTimeout(timer);
  }

  /** Ends the connection; what is in flight is lost. Calling it again does nothing. */
  close(): void {
    this.#lose();
    this.#client.close();
  }

  #openStreams({ streams, maxInFlight }: ConnectionSettings, clock: Clock): void {
    for (let i = 0; i < streams; i += 1) {
      const stream: InferStream = new InferStream({
        ...{ client: this.#client, address: this.#address, clock },
        maxInFlight: Math.ceil(maxInFlight / streams),
        onEnd: () => this.#ended(stream),
      });
      this.#open.add(stream);
    }
  }

  /** A stream that ends before it was asked to takes the connection with it: what ended one ends the others too. */
  #ended(stream: InferStream): void {
    this.#open.delete(stream);
    if (!this.#isDraining) this.#lose();
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  #lose(): void {
    this.#watching.abort();
    for (const stream of [...this.#open]) stream.cancel();
  }
}
