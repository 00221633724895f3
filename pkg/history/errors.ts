import { TradewindError } from '../runtime/errors.ts';

/**
 * The engine or server does not answer; the call may be tried again.
 *
 * @remedy See that the server runs; for the embedded engine, that memory and disk suffice.
 */
export class HistoryUnavailable extends TradewindError {
  readonly code = 'HistoryUnavailable';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(why: string, cause?: unknown) {
    super({ message: `history must answer, but ${why}`, cause });
  }
}

/** The engine or server refuses a statement. */
export class HistoryStatementFailed extends TradewindError {
  readonly code = 'HistoryStatementFailed';
  readonly kind = 'internal';

  constructor(message: string, cause?: unknown) {
    super({ message: `history must take the statement, but says: ${message}`, cause });
  }
}

/**
 * The server does not know the user, or not by this password.
 *
 * @remedy Correct `username` and `password` of the history.
 */
export class HistoryLoginFailed extends TradewindError {
  readonly code = 'HistoryLoginFailed';
  readonly kind = 'precondition';

  constructor(cause?: unknown) {
    super({ message: 'user and password of the history must be right, the server refuses them', cause });
  }
}

/**
 * The disk is too full to open the history of `tradewind up` on it.
 *
 * @remedy Free some space, give another folder by `--data`, or go without by `--no-history`.
 */
export class HistoryNeedsSpace extends TradewindError {
  readonly code = 'HistoryNeedsSpace';
  readonly kind = 'precondition';

  constructor(directory: string, neededBytes: number, freeBytes: number) {
    super({
      message: `history in '${directory}' must have ${mebibytes(neededBytes)} MiB free, has ${mebibytes(freeBytes)}`,
      facts: { directory, neededBytes, freeBytes },
    });
  }
}

const mebibytes = (bytes: number): string => (bytes / 1024 ** 2).toFixed(bytes < 1024 ** 2 ? 2 : 0);

/**
 * Another process has the folder open.
 *
 * @remedy End the process that the message names, or give this one another folder.
 */
export class HistoryBusy extends TradewindError {
  readonly code = 'HistoryBusy';
  readonly kind = 'precondition';

  constructor(directory: string, pid: number, lockFile: string) {
    super({
      message: `history in '${directory}' must be open in one process only, process ${pid} has it (${lockFile})`,
      facts: { directory, pid, lockFile },
    });
  }
}

/**
 * The tables were made by a newer version.
 *
 * @remedy Run the newer version; tables are never taken back.
 */
export class HistorySchemaNewer extends TradewindError {
  readonly code = 'HistorySchemaNewer';
  readonly kind = 'precondition';

  constructor(known: number, found: number) {
    super({
      message: `schema of the history must be at most version ${known}, was ${found}`,
      facts: { known, found },
    });
  }
}
