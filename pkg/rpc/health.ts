import {
  type Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { TradewindError } from '../runtime/errors.ts';
import { shown } from '../runtime/shown.ts';
import type { CallContext } from './call-context.ts';
import type { ServiceImplementation } from './service-types.ts';

/** Health was asked of a service that the server does not have. */
export class ServiceUnknown extends TradewindError {
  readonly code = 'ServiceUnknown';
  readonly kind = 'notFound';

  constructor(service: string) {
    const facts = { service: shown(service) };
    super({ message: `Service must be one of this server, '${facts.service}' is not`, facts });
  }
}

/**
 * State of a server and its services by `grpc.health.v1`. The empty name is the server as a whole. After `shutDown` all are
 * NOT_SERVING for good, so that load balancers leave before the port closes.
 */
export class HealthState {
  readonly #serving = new Map<string, boolean>();
  readonly #watchers = new Set<() => void>();
  #isShutDown = false;

  set(service: string, isServing: boolean): void {
    if (this.#isShutDown) return;
    this.#serving.set(service, isServing);
    this.#tell();
  }

  shutDown(): void {
    for (const service of this.#serving.keys()) this.#serving.set(service, false);
    this.#isShutDown = true;
    this.#tell();
  }

  /** The implementation of the Health service over this state. */
  get service(): ServiceImplementation<typeof Health> {
    return {
      check: ({ service }) => {
        const isServing = this.#serving.get(service);
        if (isServing === undefined) throw new ServiceUnknown(service);
        return { status: statusFor(isServing) };
      },
      list: () => ({
        statuses: Object.fromEntries(
          [...this.#serving].map(([name, isServing]) => [name, { status: statusFor(isServing) }]),
        ),
      }),
      watch: ({ service }, context) => this.#watch(service, context),
    };
  }

  #tell(): void {
    for (const wake of this.#watchers) wake();
  }

  async *#watch(service: string, { signal }: CallContext): AsyncGenerator<{ status: ServingStatus }> {
    let changed = Promise.withResolvers<void>();
    const wake = (): void => changed.resolve();
    this.#watchers.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    try {
      let last: ServingStatus | undefined;
      while (!signal.aborted) {
        const isServing = this.#serving.get(service);
        const status = isServing === undefined ? ServingStatus.SERVICE_UNKNOWN : statusFor(isServing);
        if (status !== last) yield { status };
        last = status;
        // A server that shuts down ends the stream: an open watch would hold up the drain.
        if (this.#isShutDown) return;
        await changed.promise;
        changed = Promise.withResolvers();
      }
    } finally {
      this.#watchers.delete(wake);
    }
  }
}

function statusFor(isServing: boolean): ServingStatus {
  return isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}
