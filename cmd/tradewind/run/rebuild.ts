import { z } from 'zod';

import type { LogRecord } from '../../../pkg/eventlog/event-log.ts';
import { untilDone } from '../../../pkg/history/retry.ts';
import type { TableName } from '../../../pkg/history/schema.ts';
import { decodeBatch } from '../../../pkg/pipeline/poison.ts';
import { readFeatureVector } from '../../../pkg/pipeline/read-message.ts';
import { rebuild } from '../../../pkg/pipeline/rebuild.ts';
import { recordedTopics } from '../../../pkg/pipeline/recorder-rows.ts';
import { ConfigInvalid } from '../../../pkg/runtime/common-errors.ts';
import { loadConfig } from '../../../pkg/runtime/config.ts';
import { createLogger } from '../../../pkg/runtime/logger.ts';
import { createProgress } from '../../../pkg/runtime/progress.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { historySchema } from '../../recorder/config.ts';
import { openHistory } from '../../recorder/open-history.ts';
import { redisSchema } from '../../service/config.ts';
import { openStore } from '../../service/open-store.ts';
import type { RebuildFlags } from '../commands/rebuild.ts';
import { kafkaSection, withLog } from '../open-kafka.ts';
import { columns, printJson } from '../output.ts';

/** Longer than a restart of ClickHouse takes; somebody waits at a terminal. */
const WRITE_DEADLINE_MS = 60_000;

const historyConfig = z.looseObject({
  history: historySchema,
  features: z.looseObject({ bar: z.string().default('time:1000') }).prefault({}),
});
const redisConfig = z.looseObject({ redis: redisSchema });

/** Writes every recorded topic into history again. */
export async function rebuildHistory(flags: RebuildFlags): Promise<void> {
  const { history: section, features } = read(historyConfig, flags);
  const topics = recordedTopics(TOPICS, features.bar);
  const history = await openHistory(section);
  const rowsByTable: Partial<Record<TableName, number>> = {};
  const write = async (topic: string, records: readonly LogRecord[]): Promise<void> => {
    for (const [table, rows] of topics.get(topic)!(records)) {
      await untilDone(() => history.insert(table, rows), { signal: AbortSignal.timeout(WRITE_DEADLINE_MS) });
      rowsByTable[table] = (rowsByTable[table] ?? 0) + rows.length;
    }
  };
  try {
    const done = await readAgain(flags, [...topics.keys()], write);
    show(flags, { ...done, rows: rowsByTable });
  } finally {
    await history.close();
  }
}

/** Writes the features of the log into the online store again: of each symbol the newest wins. */
export async function rebuildRedis(flags: RebuildFlags): Promise<void> {
  const { redis } = read(redisConfig, flags);
  if (redis.mode === 'none')
    throw new ConfigInvalid(['redis.mode: must be single, sentinel or cluster to be rebuilt, was "none"']);
  const store = await openStore(redis, createLogger({ level: 'silent' }));
  let [written, unreadable] = [0, 0];
  const write = async (_topic: string, records: readonly LogRecord[]): Promise<void> => {
    const { messages, poison } = decodeBatch(records, readFeatureVector);
    const results = await store.putFeatures(messages.map(({ message }) => message));
    written += results.filter(Boolean).length;
    unreadable += poison.length;
  };
  try {
    const done = await readAgain(flags, [TOPICS.features], write);
    show(flags, { ...done, rows: { written, unreadable } });
  } finally {
    await store.close();
  }
}

interface Done {
  readonly topics: Awaited<ReturnType<typeof rebuild>>;
  readonly seconds: number;
}

async function readAgain(
  flags: RebuildFlags,
  topics: readonly string[],
  write: (topic: string, records: readonly LogRecord[]) => Promise<void>,
): Promise<Done> {
  const progress = createProgress(process.stderr, { isQuiet: flags.json === true });
  const begun = performance.now();
  try {
    const onProgress = (done: number, total: number): void => progress.update('records read', done, total);
    const rebuilt = await withLog(kafkaSection(flags), (log) =>
      rebuild({ log, topics, from: flags.from, write, onProgress }),
    );
    return { topics: rebuilt, seconds: (performance.now() - begun) / 1000 };
  } finally {
    progress.stop();
  }
}

function show(
  flags: RebuildFlags,
  summary: Done & { readonly rows: Readonly<Record<string, number>> },
): void {
  const { topics, rows, seconds } = summary;
  if (flags.json === true) {
    printJson(summary);
    return;
  }
  process.stdout.write(
    columns([
      ['TOPIC', 'RECORDS', 'SKIPPED'],
      ...topics.map(({ topic, records, skipped }) => [topic, String(records), String(skipped)]),
    ]),
  );
  const written = Object.entries(rows).map(([name, count]) => `${count} ${name}`);
  process.stdout.write(`${written.join(', ') || 'nothing written'}, in ${seconds.toFixed(1)} s\n`);
}

function read<S extends z.ZodType>(schema: S, { config }: RebuildFlags): z.infer<S> {
  return loadConfig(schema, { ...(config === undefined ? {} : { file: config }), env: process.env });
}
