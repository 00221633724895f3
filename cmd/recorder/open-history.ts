import { History } from '../../pkg/history/history.ts';
import type { HistorySection } from './config.ts';

/** Opens the history of the configuration, with its tables up to date and kept as long as it says. */
export function openHistory(config: HistorySection): Promise<History> {
  const { url, username, password, database, caFile, compress, requestTimeoutSeconds, retentionDays } =
    config;
  return History.open(
    {
      ...{ url, username, password, database },
      requestTimeoutMs: requestTimeoutSeconds * 1000,
      isCompressed: compress,
      ...(caFile === undefined ? {} : { caFile }),
    },
    retentionDays,
  );
}
