import { status as Code } from '@grpc/grpc-js';
import { Counter, Gauge, type Registry } from 'prom-client';
import { MethodTally, TallyHistogram } from './method-tally.ts';

/**
 * Metrics of every method of a server: `rpc_server_handling_seconds`, `rpc_server_handled_total` by code, and
 * `rpc_server_in_flight`; labels `service` and `method`. A registry takes one server's metrics.
 */
export class ServerMetrics {
  readonly #tallies: MethodTally[] = [];

  constructor(registry: Registry) {
    const tallies = this.#tallies;
    const labelNames = ['service', 'method'];
    const help = 'Time from a whole request to its status';
    const handlingSeconds = new TallyHistogram('rpc_server_handling_seconds', help, tallies);
    const handledTotal = new Counter({
      name: 'rpc_server_handled_total',
      help: 'Calls answered, by gRPC status code',
      labelNames: [...labelNames, 'code'],
      registers: [],
      collect() {
        this.reset();
        for (const { labels, handled } of tallies) {
          for (const [code, calls] of handled.entries()) {
            if (calls > 0) this.inc({ ...labels, code: Code[code] ?? 'UNKNOWN' }, calls);
          }
        }
      },
    });
    const inFlightNow = new Gauge({
      name: 'rpc_server_in_flight',
      help: 'Calls that have no status yet',
      labelNames,
      registers: [],
      collect() {
        for (const { labels, inFlight } of tallies) this.set(labels, inFlight);
      },
    });
    registry.registerMetric(handlingSeconds);
    registry.registerMetric(handledTotal);
    registry.registerMetric(inFlightNow);
  }

  /** The counts of one method. */
  method(service: string, method: string): MethodTally {
    const tally = new MethodTally(service, method);
    this.#tallies.push(tally);
    return tally;
  }
}
