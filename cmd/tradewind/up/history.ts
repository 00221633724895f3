import { join } from 'node:path';

import { startEngine } from '../../../pkg/history/embedded/start-engine.ts';
import { History } from '../../../pkg/history/history.ts';
import type { HistoryWriter } from '../../../pkg/history/writer.ts';
import type { StorageAlarm } from '../../../pkg/runtime/storage-alarm.ts';
import type { LaptopOptions } from './stations.ts';

/**
 * Opens the history of the stream, where it is kept, for writing.
 *
 * @param featureSet - With the names of its features.
 * @throws {HistoryBusy | HistoryUnavailable | FileUnwritable}
 */
export async function openHistoryWriter(
  { config, stream, logger, shutdown }: LaptopOptions,
  featureSet: string,
  names: readonly string[],
  alarm: StorageAlarm,
): Promise<HistoryWriter | undefined> {
  if (!config.history.enabled) return undefined;
  const engine = await startEngine(join(stream.directory, 'history'), {
    onLost: (how) => logger.warn({ how }, 'history engine ended by itself, it is started again'),
  });
  shutdown.add('history engine', () => engine.stop());
  const history = await History.open({ ...engine, database: 'tradewind' });
  shutdown.add('history', () => history.close());
  await history.putFeatureNames(featureSet, names);
  return history.writer({
    onFailed: ({ message }) => alarm.failed('history', message),
    onWritten: () => alarm.succeeded('history'),
  });
}
