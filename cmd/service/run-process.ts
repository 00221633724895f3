import type { z } from 'zod';

import { loadConfig } from '../../pkg/runtime/config.ts';
import { armCrashPoint } from '../../pkg/runtime/crash-point.ts';
import { ShutdownTimeout } from '../../pkg/runtime/common-errors.ts';
import { EXIT_CODES, TradewindError } from '../../pkg/runtime/errors.ts';
import { createLogger, type Logger } from '../../pkg/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';
import { onParentEnd } from '../../pkg/runtime/parent.ts';
import { Shutdown } from '../../pkg/runtime/shutdown.ts';
import type { ProcessConfig } from './config.ts';

/** Time that a process has to stop in order; orchestrators kill after 30 s unless told otherwise. */
const STOP_DEADLINE_MS = 20_000;
/** Exit code of a process that was interrupted while it stopped. */
const INTERRUPTED = 130;

/** What a process is given: everything open, and closed after it in reverse order. */
export interface ProcessContext<C> {
  readonly config: C;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly http: OpsServer;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** To be called once all is open: the process is ready from then on. @param addresses - Told in the log, by name. */
  readonly started: (addresses?: Readonly<Record<string, string>>) => void;
}

/**
 * Runs one process of the distributed system: reads configuration, opens the operations server, and serves until it is asked
 * to stop or `serve` ends. A failure ends the process with its code, and the orchestrator starts it again. Asked to stop while it still
 * opens, it does not wait for that. What does not stop in time ends with the process, and so does everything at the second signal.
 *
 * @param configFile - YAML or JSON; without one the environment and the defaults decide.
 * @param serve - Registers what it opens for shutdown; resolves at the end of its work.
 */
export async function runProcess<S extends z.ZodType<ProcessConfig>>(
  schema: S,
  configFile: string | undefined,
  serve: (context: ProcessContext<z.infer<S>>) => Promise<void>,
  stopDeadlineMs = STOP_DEADLINE_MS,
): Promise<void> {
  const shutdown = new Shutdown();
  const stopping = new AbortController();
  const givenUp = Promise.withResolvers<void>();
  let state: 'starting' | 'serving' | 'stopping' = 'starting';
  const onSignal = (): void => {
    if (stopping.signal.aborted) process.exit(INTERRUPTED);
    if (state === 'starting') givenUp.resolve();
    state = 'stopping';
    stopping.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // Then nobody is left to stop it.
  onParentEnd(onSignal);
  process.channel?.unref();
  try {
    const config = loadConfig(schema, {
      ...(configFile === undefined ? {} : { file: configFile }),
      env: process.env,
    });
    const metrics = createMetrics();
    const logger = createLogger({
      level: config.log.level,
      isReadable: process.stderr.isTTY,
      onProblem: (level, message) => metrics.logLines.inc({ level, message }),
    });
    armCrashPoint(process.env, logger);
    const http = new OpsServer({ ...config.http, registry: metrics.registry, logger });
    http.addReadiness('process', () =>
      state === 'serving' ? { isReady: true } : { isReady: false, reason: `it is ${state}` },
    );
    const port = await http.start();
    shutdown.add('HTTP server', () => http.stop());
    const started = (addresses: Readonly<Record<string, string>> = {}): void => {
      if (!stopping.signal.aborted) state = 'serving';
      logger.info({ http: `${config.http.host}:${port}`, ...addresses }, 'started');
    };
    const work = serve({ config, metrics, logger, shutdown, http, signal: stopping.signal, started });
    const hasEnded = await Promise.race([work.then(() => true), givenUp.promise.then(() => false)]);
    state = 'stopping';
    await shutdown.run(stopDeadlineMs);
    logger.info('stopped');
    if (!hasEnded) process.exit(0);
  } catch (error) {
    process.exitCode = report(error);
    const late = await shutdown.run(stopDeadlineMs).catch((failure: unknown) => failure);
    if (late instanceof ShutdownTimeout) process.exit();
  }
}

/** Tells what ended the process, in one line where it is a known error. @returns The exit code. */
function report(error: unknown): number {
  const known = error instanceof TradewindError;
  process.stderr.write(
    known
      ? `tradewind: ${error.code}: ${error.message}\n`
      : `tradewind: Internal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return known ? EXIT_CODES[error.kind] : EXIT_CODES.internal;
}
