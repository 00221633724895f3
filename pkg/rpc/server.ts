import type { DescMethod, DescService } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Health } from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../../proto/gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { Occasionally } from '../runtime/occasionally.ts';
import type { HandlerDeps } from './handlers.ts';
import { HealthState } from './health.ts';
import { ServerMetrics } from './metrics.ts';
import { ReflectionIndex } from './reflection.ts';
import { methodHandlers, methodPath } from './service-bridge.ts';
import type { RawImplementation, ServiceImplementation } from './service-types.ts';
import { GrpcListener, type ServerTls } from './transport/listener.ts';

/** Largest message in bytes that is read or written unless told otherwise. */
const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** One refusal of each kind is logged in this time, milliseconds. */
const REFUSAL_LOG_MS = 10_000;

/** Options of {@link createRpcServer}. */
export interface RpcServerOptions {
  /** Address to bind; 127.0.0.1 by default, so that nothing is reachable from elsewhere unless asked for. */
  readonly host?: string;
  /** TCP port; 0 chooses a free one. */
  readonly port: number;
  readonly maxReceiveBytes?: number;
  readonly maxSendBytes?: number;
  /** Calls open at once per connection; more wait at the client. */
  readonly maxConcurrentStreams?: number;
  /** Where the metrics of every method are registered. */
  readonly metrics?: Registry;
  readonly logger?: Logger;
  readonly tls?: ServerTls;
  readonly clock?: Clock;
}

/** A gRPC server with health and reflection. */
export class RpcServer {
  readonly health = new HealthState();
  readonly #options: RpcServerOptions;
  readonly #listener: GrpcListener;
  readonly #reflection = new ReflectionIndex();
  readonly #metrics: ServerMetrics | undefined;
  readonly #refusals: Occasionally;
  #port: number | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#refusals = new Occasionally(REFUSAL_LOG_MS, options.clock ?? systemClock);
    this.#metrics = options.metrics === undefined ? undefined : new ServerMetrics(options.metrics);
    this.#listener = new GrpcListener({
      maxReceiveBytes: options.maxReceiveBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      maxSendBytes: options.maxSendBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      maxConcurrentStreams: options.maxConcurrentStreams ?? 1000,
      tls: options.tls,
      clock: options.clock ?? systemClock,
      onTlsRefused: (code, from) => this.#onTlsRefused(code, from),
    });
    this.addService(Health, this.health.service);
    this.addService(ServerReflection, this.#reflection.v1);
    this.addService(ServerReflectionAlpha, this.#reflection.v1alpha);
  }

  /**
   * Adds a service; it is SERVING once the server has started.
   *
   * @param raw - Methods that take bytes; the others are in `implementation`.
   */
  addService<S extends DescService>(service: S, implementation: ServiceImplementation<S>): void;
  addService<S extends DescService, R extends RawImplementation<S>>(
    service: S,
    implementation: Omit<ServiceImplementation<S>, keyof R>,
    raw: R,
  ): void;
  addService<S extends DescService>(service: S, implementation: object, raw?: RawImplementation<S>): void {
    const handlers = methodHandlers(service, implementation, raw, (method) => this.#depsOf(method));
    for (const [path, handler] of handlers) this.#listener.handle(path, handler);
    this.#reflection.add(service);
    this.health.set(service.typeName, false);
  }

  /** Port that the server listens on; `undefined` before it has started. */
  get port(): number | undefined {
    return this.#port;
  }

  /** New connections get these certificates. Only of a server that was made with some. */
  setTls(tls: ServerTls): void {
    this.#listener.setTls(tls);
  }

  /**
   * Binds and serves.
   *
   * @param options - Whether health is SERVING from now on, the default, or from {@link serve} on.
   * @returns The port.
   * @throws {PortInUse} Another process listens there.
   * @throws {AddressUnusable} The address cannot be bound for another reason.
   */
  async start({ isServing = true }: { readonly isServing?: boolean } = {}): Promise<number> {
    const { host = '127.0.0.1', port } = this.#options;
    this.#port = await this.#listener.listen(host, port);
    if (isServing) this.serve();
    else this.health.set('', false);
    return this.#port;
  }

  /** Says SERVING, for the server and every service. */
  serve(): void {
    for (const service of this.#reflection.services) this.health.set(service, true);
    this.health.set('', true);
  }

  /**
   * Stops: says NOT_SERVING, takes no new calls, waits for those that are open, and ends the rest at the deadline.
   *
   * @returns True when every call ended by itself.
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.health.shutDown();
    const drained = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => drained.resolve(false), deadlineMs);
    void this.#listener.drain().then(() => drained.resolve(true));
    const isDrained = await drained.promise;
    clearTimeout(timer);
    this.#listener.destroy();
    return isDrained;
  }

  /** Whoever knocks may do so often. */
  #onTlsRefused(code: string, from: string | undefined): void {
    const before = this.#refusals.pass(code);
    if (before !== undefined)
      this.#options.logger?.warn({ code, from, before }, 'refused a connection that TLS does not allow');
  }

  #depsOf(method: DescMethod): HandlerDeps {
    return {
      clock: this.#options.clock ?? systemClock,
      metrics: this.#metrics?.method(method.parent.typeName, method.name),
      path: methodPath(method),
      onUnexpected: (path, err) =>
        this.#options.logger?.error({ err, method: path }, 'call failed unexpectedly'),
    };
  }
}

/** A server that serves once `start` is called. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  return new RpcServer(options);
}
