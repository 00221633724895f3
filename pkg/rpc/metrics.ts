import { status as Code } from '@grpc/grpc-js';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Upper bounds in seconds; they hold the objectives 1, 5, 10, 50 and 100 ms. */
const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts the calls of one method. */
export interface MethodMetrics {
  /** A call came in. */
  started(): void;
  /** A call ended with this gRPC status code after this many seconds. */
  finished(seconds: number, code: number): void;
}

/**
 * Metrics of every method of a server: `rpc_server_handling_seconds`, `rpc_server_handled_total` by code, and
 * `rpc_server_in_flight`; labels `service` and `method`. A registry takes one server's metrics.
 */
export class ServerMetrics {
  readonly #seconds: Histogram;
  readonly #handled: Counter;
  readonly #inFlight: Gauge;

  constructor(registry: Registry) {
    const labelNames = ['service', 'method'];
    const registers = [registry];
    this.#seconds = new Histogram({
      name: 'rpc_server_handling_seconds',
      help: 'Time from the first byte of a call to its status',
      labelNames,
      buckets: SECONDS_BUCKETS,
      registers,
    });
    this.#handled = new Counter({
      name: 'rpc_server_handled_total',
      help: 'Calls answered, by gRPC status code',
      labelNames: [...labelNames, 'code'],
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'rpc_server_in_flight',
      help: 'Calls that have no status yet',
      labelNames,
      registers,
    });
  }

  method(service: string, method: string): MethodMetrics {
    const seconds = this.#seconds.labels(service, method);
    const inFlight = this.#inFlight.labels(service, method);
    const byCode = new Map<number, Counter.Internal>();
    return {
      started: () => inFlight.inc(),
      finished: (elapsed, code) => {
        inFlight.dec();
        seconds.observe(elapsed);
        let handled = byCode.get(code);
        if (handled === undefined) {
          handled = this.#handled.labels(service, method, Code[code] ?? 'UNKNOWN');
          byCode.set(code, handled);
        }
        handled.inc();
      },
    };
  }
}
