import { systemClock } from '../../../pkg/runtime/clock.ts';
import { loadConfig } from '../../../pkg/runtime/config.ts';
import { createLogger } from '../../../pkg/runtime/logger.ts';
import { createMetrics } from '../../../pkg/runtime/metrics.ts';
import { Shutdown } from '../../../pkg/runtime/shutdown.ts';
import { VERSION } from '../../../pkg/runtime/version.ts';
import type { UpFlags } from '../commands/up.ts';
import { optional } from '../optional.ts';
import { type UpConfig, upConfigSchema } from './config.ts';
import { Laptop } from './laptop.ts';
import { Screen } from './screen.ts';
import { openStream } from './stream.ts';
import { formatSummary } from './summary.ts';

const STOP_DEADLINE_MS = 5_000;

/** `tradewind up`: runs until the source ends, the time is over, or it is interrupted; then prints the summary. */
export async function runUp(flags: UpFlags): Promise<void> {
  const config = readConfig(flags);
  const metrics = createMetrics();
  const logger = createLogger({
    level: config.log.level,
    isReadable: process.stderr.isTTY,
    onProblem: (level, message) => metrics.logLines.inc({ level, message }),
  });
  const shutdown = new Shutdown();
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  let interrupts = 0;
  const onSignal = (): void => {
    interrupts += 1;
    if (interrupts > 1) process.exit(130);
    stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const timer = flags.for === undefined ? undefined : setTimeout(stop, flags.for * 1000);
  try {
    const stream = await openStream(config, systemClock);
    const screen = new Screen(process.stderr, flags.json === true);
    const laptop = await Laptop.open({ config, stream, metrics, logger, shutdown, screen });
    screen.started(VERSION, stream, laptop.addresses, laptop.resumedFrom);
    await laptop.run(stopping.signal, flags.for !== undefined);
    screen.stopped();
    await laptop.checkpoint();
    const summary = laptop.summary();
    await shutdown.run(STOP_DEADLINE_MS);
    process.stdout.write(flags.json === true ? `${JSON.stringify(summary)}\n` : formatSummary(summary));
  } catch (error) {
    await shutdown.run(STOP_DEADLINE_MS).catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function readConfig(flags: UpFlags): UpConfig {
  return loadConfig(upConfigSchema, {
    ...optional('file', flags.config),
    env: process.env,
    flags: {
      'source.kind': flags.source,
      'source.file': flags.file,
      'source.format': flags.format,
      'source.symbol': flags.symbol,
      'source.speed': flags.speed,
      'features.sets': flags.set,
      'features.bar': flags.bar,
      'model.dir': flags.model,
      'model.train': flags.train === false ? false : undefined,
      'history.enabled': flags.history === false ? false : undefined,
      data: flags.data,
      'grpc.port': flags.grpcPort,
      'http.port': flags.httpPort,
      'log.level': flags.logLevel,
    },
  });
}
