import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import type { ControllerObserver } from './controller.ts';
import type { ReflectorObserver } from './reflector.ts';
import type { QueueObserver, WorkQueue } from './work-queue.ts';

/** Seconds, from the time of a map look-up to that of a slow roll-out. */
const QUEUE_BUCKETS = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 60, 300];
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Metrics of controllers, under the names that controller-runtime gives them, so that dashboards and alerts for it serve here too. */
export interface OperatorMetrics {
  /** Observer of a controller's queue. */
  queue(controller: string): QueueObserver;
  /** Has the metrics of a queue read from it whenever they are asked for. */
  watchQueue(controller: string, queue: WorkQueue): void;
  controller(name: string, workers: number): ControllerObserver;
  readonly reflector: Required<ReflectorObserver>;
  /** For `HttpClientOptions.onRequest`. */
  readonly onRequest: (request: {
    readonly method: string;
    readonly host: string;
    readonly code: string;
  }) => void;
  /** For `LeaderElectionOptions.onChange`. */
  onLeading(lease: string): (isLeading: boolean) => void;
  /** For `EventRecorderOptions.onDropped`. */
  readonly onEventDropped: (why: string) => void;
  /** For `GatewayReportsOptions.onProblem`. */
  readonly onGatewayProblem: () => void;
}

/** Creates the metrics in a registry. */
export function createOperatorMetrics(registry: Registry): OperatorMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge<L>({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new Histogram<L>({ name, help, labelNames, buckets, registers });

  const queues = new Map<string, WorkQueue>();
  const ofQueues = (name: string, help: string, value: (queue: WorkQueue) => number): void =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['name', 'controller'],
        registers: [],
        collect() {
          for (const [controller, queue] of queues) this.set({ name: controller, controller }, value(queue));
        },
      }),
    );
  const workSeconds = (queue: WorkQueue): number[] => [...queue.working().values()].map((ms) => ms / 1000);
  ofQueues('workqueue_depth', 'Keys in line.', (queue) => queue.length);
  ofQueues(
    'workqueue_unfinished_work_seconds',
    'Seconds that work has taken which has not ended, summed.',
    (queue) => workSeconds(queue).reduce((sum, seconds) => sum + seconds, 0),
  );
  ofQueues(
    'workqueue_longest_running_processor_seconds',
    'Seconds of the work that has taken longest.',
    (queue) => Math.max(0, ...workSeconds(queue)),
  );
  const byQueue: ('name' | 'controller')[] = ['name', 'controller'];
  const adds = counter('workqueue_adds_total', 'Keys put in line.', byQueue);
  const retries = counter('workqueue_retries_total', 'Keys put aside after a failure.', byQueue);
  const waited = histogram('workqueue_queue_duration_seconds', 'Seconds in line.', byQueue, QUEUE_BUCKETS);
  const worked = histogram(
    'workqueue_work_duration_seconds',
    'Seconds of work on a key.',
    byQueue,
    QUEUE_BUCKETS,
  );
  const results = counter('controller_runtime_reconcile_total', 'Reconciles, by result.', [
    'controller',
    'result',
  ]);
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed.', [
    'controller',
  ]);
  const terminal = counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Reconciles that failed for good.',
    ['controller'],
  );
  const times = histogram(
    'controller_runtime_reconcile_time_seconds',
    'Seconds of a reconcile.',
    ['controller'],
    RECONCILE_BUCKETS,
  );
  const most = gauge('controller_runtime_max_concurrent_reconciles', 'Workers.', ['controller']);
  const active = gauge('controller_runtime_active_workers', 'Workers that are at work.', ['controller']);
  const leading = gauge('leader_election_master_status', '1 while this process holds the lease.', ['name']);
  const requests = counter('rest_client_requests_total', 'Requests to the API server, by status.', [
    'code',
    'method',
    'host',
  ]);
  const lists = counter('tradewind_watch_lists_total', 'Times that all objects of a kind were listed.', [
    'kind',
  ]);
  const watches = counter(
    'tradewind_watch_ends_total',
    'Watches that ended: in time, by silence or by an error.',
    ['kind', 'why'],
  );
  const handlers = counter('tradewind_watch_handler_failures_total', 'Handlers of a kind that threw.', [
    'kind',
  ]);
  const dropped = counter('tradewind_events_dropped_total', 'Events that were not written, by reason.', [
    'why',
  ]);
  const unread = counter(
    'tradewind_gateway_reports_unread_total',
    'Reports of gateways, or models in them, that could not be read.',
    [],
  );

  return {
    queue: (controller) => {
      const labels = { name: controller, controller };
      return {
        added: () => adds.inc(labels),
        retried: () => retries.inc(labels),
        taken: (ms) => waited.observe(labels, ms / 1000),
        done: (ms) => worked.observe(labels, ms / 1000),
      };
    },
    watchQueue: (controller, queue) => void queues.set(controller, queue),
    controller: (name, workers) => {
      most.set({ controller: name }, workers);
      active.set({ controller: name }, 0);
      return {
        active: (count) => active.set({ controller: name }, count),
        reconciled: (result, seconds) => {
          const isTerminal = result === 'terminal_error';
          results.inc({ controller: name, result: isTerminal ? 'error' : result });
          if (isTerminal || result === 'error') errors.inc({ controller: name });
          if (isTerminal) terminal.inc({ controller: name });
          times.observe({ controller: name }, seconds);
        },
      };
    },
    reflector: {
      listed: (kind) => lists.inc({ kind }),
      watchEnded: (kind, why) => watches.inc({ kind, why }),
      handlerFailed: (kind) => handlers.inc({ kind }),
    },
    onRequest: ({ method, host, code }) => requests.inc({ code, method, host }),
    onLeading: (name) => {
      leading.set({ name }, 0);
      return (isLeading) => leading.set({ name }, isLeading ? 1 : 0);
    },
    onEventDropped: (why) => dropped.inc({ why }),
    onGatewayProblem: () => unread.inc(),
  };
}
