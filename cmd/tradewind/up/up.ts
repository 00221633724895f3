import { systemClock } from '../../../pkg/runtime/clock.ts';
import { loadConfig } from '../../../pkg/runtime/config.ts';
import { createLogger } from '../../../pkg/runtime/logger.ts';
import { createMetrics } from '../../../pkg/runtime/metrics.ts';
import { Shutdown } from '../../../pkg/runtime/shutdown.ts';
import { VERSION } from '../../../pkg/runtime/version.ts';
import { checkWritable } from '../../../pkg/runtime/writable.ts';
import type { UpFlags } from '../commands/up.ts';
import { checkGivenBar } from '../bar-of.ts';
import { optional } from '../optional.ts';
import { type UpConfig, upConfigSchema } from './config.ts';
import { Laptop } from './laptop.ts';
import { Rollouts } from './rollouts/rollouts.ts';
import { Screen } from './screen.ts';
import { modelReader, openStore } from '../../service/artifacts.ts';
import { ServedModels } from './served.ts';
import { featuresOfStream, openStream } from './stream.ts';
import { formatSummary } from './summary.ts';

const STOP_DEADLINE_MS = 5_000;
/** For the rows that history has not yet; they are read again by the next start where it does not take them. */
const FINISH_DEADLINE_MS = 30_000;

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
    const { dir, threads, placement } = config.model;
    const features = await featuresOfStream(config);
    checkGivenBar(flags.bar, features.bar);
    const read = modelReader(await openStore(config.artifact), { signal: stopping.signal });
    const models = new ServedModels(
      { metrics, logger, shutdown, settings: { threads, placement, read } },
      features,
    );
    // What cannot be is told before anything is made or said.
    await checkWritable(config.data);
    const given = dir === undefined ? undefined : await models.serve(dir);
    const stream = await openStream(config, systemClock);
    const screen = new Screen(process.stderr, flags.json === true);
    const rollouts = await Rollouts.open({ config, features, metrics, logger, shutdown });
    const laptop = await Laptop.open({ config, stream, models, rollouts, metrics, logger, shutdown, screen });
    screen.started(VERSION, stream, laptop.addresses, laptop.resumedFrom);
    if (given !== undefined) screen.trained(given);
    try {
      await laptop.run(
        stopping.signal,
        flags.stay ?? (flags.for === undefined && config.source.speed !== 'max'),
      );
      await laptop.finish(FINISH_DEADLINE_MS);
    } finally {
      // What was done until it failed is told too; the failure is told by who called.
      screen.stopped();
      const summary = laptop.summary();
      await shutdown.run(STOP_DEADLINE_MS).catch(() => undefined);
      process.stdout.write(flags.json === true ? `${JSON.stringify(summary)}\n` : formatSummary(summary));
    }
    await shutdown.run(STOP_DEADLINE_MS);
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
      'source.timeZone': flags.timeZone,
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
