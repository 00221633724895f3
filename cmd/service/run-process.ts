import type { z } from 'zod';

import { loadConfig } from '../../pkg/runtime/config.ts';
import { armCrashPoint } from '../../pkg/runtime/crash-point.ts';
import { EXIT_CODES, TradewindError } from '../../pkg/runtime/errors.ts';
import { createLogger, type Logger } from '../../pkg/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';
import { Shutdown } from '../../pkg/runtime/shutdown.ts';
import type { ProcessConfig } from './config.ts';

/** Time that a process has to stop in order; orchestrators kill after 30 s unless told otherwise. */
const STOP_DEADLINE_MS = 20_000;

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
 * to stop or `serve` ends. A failure ends the process with its code, and the orchestrator starts it again.
 *
 * @param configFile - YAML or JSON; without one the environment and the defaults decide.
 * @param serve - Registers what it opens for shutdown; resolves at the end of its work.
 */
export async function runProcess<S extends z.ZodType<ProcessConfig>>(
  schema: S,
  configFile: string | undefined,
  serve: (context: ProcessContext<z.infer<S>>) => Promise<void>,
): Promise<void> {
  const shutdown = new Shutdown();
  const stopping = new AbortController();
  process.on('SIGINT', () => stopping.abort());
  process.on('SIGTERM', () => stopping.abort());
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
    let state: 'starting' | 'serving' | 'stopping' = 'starting';
    http.addReadiness('process', () =>
      state === 'serving' ? { isReady: true } : { isReady: false, reason: `it is ${state}` },
    );
    const port = await http.start();
    shutdown.add('HTTP server', () => http.stop());
    stopping.signal.addEventListener('abort', () => {
      state = 'stopping';
    });
    const started = (addresses: Readonly<Record<string, string>> = {}): void => {
      if (!stopping.signal.aborted) state = 'serving';
      logger.info({ http: `${config.http.host}:${port}`, ...addresses }, 'started');
    };
    await serve({ config, metrics, logger, shutdown, http, signal: stopping.signal, started });
    state = 'stopping';
    await shutdown.run(STOP_DEADLINE_MS);
    logger.info('stopped');
  } catch (error) {
    await shutdown.run(STOP_DEADLINE_MS).catch(() => undefined);
    process.exitCode = report(error);
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
