/** The recorder process: everything that the event log carries, into ClickHouse. */
import { z } from 'zod';

import { History } from '../../pkg/history/history.ts';
import { Recorder } from '../../pkg/pipeline/recorder.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { serviceSchema } from '../service/config.ts';
import { aborted, runService } from '../service/run-service.ts';

const GROUP = 'recorder';
/** Large batches: ClickHouse wants few inserts of many rows. */
const BATCH_RECORDS = 10_000;
const STOP_DEADLINE_MS = 10_000;

const schema = serviceSchema.extend({
  history: z.strictObject({
    url: z.url().describe('HTTP address of ClickHouse'),
    username: z.string().default('default'),
    password: z.string().default(''),
    database: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'must be letters, digits and _')
      .default('tradewind'),
  }),
  features: z
    .strictObject({
      bar: z.string().default('time:1000').describe('Bar clock of the vectors that are recorded'),
    })
    .prefault({}),
});

await runService(schema, async ({ config, log, shutdown, signal }) => {
  const history = await History.open(config.history);
  shutdown.add('history', () => history.close());
  const writer = history.writer({ bar: config.features.bar });
  const consumer = await log.consume(
    { group: GROUP, topics: Object.values(TOPICS), maxBatchRecords: BATCH_RECORDS },
    new Recorder(writer, TOPICS, { isFlushedEachBatch: true }),
  );
  shutdown.add('consumer', () => consumer.stop(STOP_DEADLINE_MS));
  await Promise.race([consumer.done, aborted(signal)]);
});
