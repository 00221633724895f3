/** The recorder process: everything that the event log carries, into ClickHouse. */
import { History } from '../../pkg/history/history.ts';
import { Recorder } from '../../pkg/pipeline/recorder.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { aborted } from '../service/run-process.ts';
import { runService } from '../service/run-service.ts';
import { recorderSchema } from './config.ts';

const GROUP = 'recorder';
/** Large batches: ClickHouse wants few inserts of many rows. */
const BATCH_RECORDS = 10_000;
const STOP_DEADLINE_MS = 10_000;

/** Records until the process is asked to stop. */
export function run(configFile?: string): Promise<void> {
  return runService(recorderSchema, configFile, async ({ config, log, shutdown, signal, started }) => {
    const history = await History.open(config.history);
    shutdown.add('history', () => history.close());
    const writer = history.writer({ bar: config.features.bar });
    const consumer = await log.consume(
      { group: GROUP, topics: Object.values(TOPICS), maxBatchRecords: BATCH_RECORDS },
      new Recorder(writer, TOPICS, { isFlushedEachBatch: true }),
    );
    shutdown.add('consumer', () => consumer.stop(STOP_DEADLINE_MS));
    started();
    await Promise.race([consumer.done, aborted(signal)]);
  });
}

if (import.meta.main) await run(process.argv[2]);
