import { Registry } from 'prom-client';
import { expect, it } from 'vitest';

import { createLogger } from '../../runtime/logger.ts';
import { Controller } from './controller.ts';
import { TerminalError } from './errors.ts';
import { createOperatorMetrics } from './metrics.ts';
import { ManualScheduler } from './scheduler.testing.ts';
import { WorkQueue } from './work-queue.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('counts what a controller does under the names of controller-runtime', async () => {
  const registry = new Registry();
  const metrics = createOperatorMetrics(registry);
  const scheduler = new ManualScheduler();
  const queue = new WorkQueue(scheduler, { baseMs: 1_000, maxMs: 1_000 }, metrics.queue('things'));
  metrics.watchQueue('things', queue);
  const hang = Promise.withResolvers<{ readonly kind: 'done' }>();
  const controller = new Controller({
    ...{ name: 'things', queue, workers: 1, timeoutSeconds: 100, scheduler },
    logger: createLogger({ level: 'silent' }),
    observer: metrics.controller('things', 1),
    reconcile: async (key) => {
      if (key === 'error') throw new Error('no');
      if (key === 'terminal') throw new TerminalError('no');
      if (key === 'again') return { kind: 'again', afterSeconds: 1_000 };
      return key === 'hangs' ? hang.promise : { kind: 'done' };
    },
  });
  const stopping = new AbortController();
  const running = controller.run(stopping.signal);
  for (const key of ['good', 'error', 'terminal', 'again', 'hangs', 'waits']) controller.enqueue(key);
  await settle();
  scheduler.advance(7_000);
  metrics.onLeading('a/lease')(true);
  metrics.onRequest({ method: 'GET', host: 'localhost', code: '200' });

  const text = await registry.metrics();
  for (const line of [
    // The one that waits, and the one that failed and is back.
    'workqueue_depth{name="things",controller="things"} 2',
    'workqueue_unfinished_work_seconds{name="things",controller="things"} 7',
    'workqueue_longest_running_processor_seconds{name="things",controller="things"} 7',
    'workqueue_adds_total{name="things",controller="things"} 7',
    'workqueue_retries_total{name="things",controller="things"} 1',
    'workqueue_queue_duration_seconds_count{name="things",controller="things"} 5',
    'workqueue_work_duration_seconds_count{name="things",controller="things"} 4',
    'controller_runtime_reconcile_total{controller="things",result="success"} 1',
    'controller_runtime_reconcile_total{controller="things",result="requeue_after"} 1',
    'controller_runtime_reconcile_total{controller="things",result="error"} 2',
    'controller_runtime_reconcile_errors_total{controller="things"} 2',
    'controller_runtime_terminal_reconcile_errors_total{controller="things"} 1',
    'controller_runtime_reconcile_time_seconds_count{controller="things"} 4',
    'controller_runtime_max_concurrent_reconciles{controller="things"} 1',
    'controller_runtime_active_workers{controller="things"} 1',
    'leader_election_master_status{name="a/lease"} 1',
    'rest_client_requests_total{code="200",method="GET",host="localhost"} 1',
  ])
    expect(text.split('\n')).toContain(line);
  hang.resolve({ kind: 'done' });
  stopping.abort();
  await running;
});
