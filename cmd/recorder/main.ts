/** The recorder process: everything that the event log carries, into ClickHouse. */
import { formatBarClock, parseBarClock } from '../../pkg/features/bar-clock.ts';
import { createFeatureEngine } from '../../pkg/features/engine.ts';
import { MessageSpans } from '../../pkg/pipeline/message-spans.ts';
import { DurableRecorder } from '../../pkg/pipeline/recorder-durable.ts';
import { recorderMetrics } from '../../pkg/pipeline/recorder-metrics.ts';
import { recordedTopics } from '../../pkg/pipeline/recorder-rows.ts';
import { Spool } from '../../pkg/pipeline/recorder-spool.ts';
import { aborted } from '../../pkg/runtime/aborted.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { createRandom } from '../../pkg/runtime/random.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { openTracing } from '../service/open-tracing.ts';
import { runService } from '../service/run-service.ts';
import { recorderSchema } from './config.ts';
import { openHistory } from './open-history.ts';

const GROUP = 'recorder';
/** Large batches: ClickHouse wants few inserts of many rows. */
const BATCH_RECORDS = 10_000;
const STOP_DEADLINE_MS = 10_000;

/** Records until the process is asked to stop. */
export function run(configFile?: string): Promise<void> {
  return runService(recorderSchema, configFile, async (context) => {
    const { config, log, metrics, shutdown, signal, started } = context;
    const tracer = await openTracing('recorder', context);
    const history = await openHistory(config.history);
    shutdown.add('history', () => history.close());
    const bar = parseBarClock(config.features.bar);
    const { featureSet, names } = createFeatureEngine({ ...config.features, bar });
    await history.putFeatureNames(featureSet, names);
    const topics = recordedTopics(TOPICS, formatBarClock(bar));
    const random = createRandom(process.pid);
    const recorder = new DurableRecorder({
      ...{ topics, log, group: GROUP, clock: systemClock, signal },
      insert: (table, rows, token) => history.insert(table, rows, token),
      spool: new Spool(config.recorder.spool),
      observer: recorderMetrics(metrics.registry),
      jitter: () => random.uniform(),
      intervalMs: config.recorder.intervalSeconds * 1000,
      ...(tracer === undefined ? {} : { spans: new MessageSpans({ tracer, system: 'kafka', group: GROUP }) }),
    });
    const consumer = await log.consume(
      { group: GROUP, topics: [...topics.keys()], maxBatchRecords: BATCH_RECORDS },
      recorder,
    );
    shutdown.add('consumer', () => consumer.stop(STOP_DEADLINE_MS));
    started();
    await Promise.race([consumer.done, aborted(signal)]);
  });
}

if (import.meta.main) await run(process.argv[2]);
