/** The collector process: one source of market data, validated, into the event log. */
import { createHash } from 'node:crypto';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { openReplay } from '../../pkg/marketdata/sources/replay/open.ts';
import { createSimulator } from '../../pkg/marketdata/sources/simulator/simulator.ts';
import type { MarketSource } from '../../pkg/marketdata/sources/source.ts';
import { Validator } from '../../pkg/marketdata/validate.ts';
import { Collector } from '../../pkg/pipeline/collector.ts';
import { CollectorState } from '../../pkg/pipeline/collector-state.ts';
import { MarketClock, type MovedClock } from '../../pkg/pipeline/market-clock.ts';
import { MessageSpans } from '../../pkg/pipeline/message-spans.ts';
import { metricsObserver } from '../../pkg/pipeline/metrics-observer.ts';
import { combineObservers } from '../../pkg/pipeline/observer.ts';
import { createPacer } from '../../pkg/pipeline/pacer.ts';
import { Snapshots } from '../../pkg/pipeline/snapshots.ts';
import { aborted } from '../../pkg/runtime/aborted.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { openTracing } from '../service/open-tracing.ts';
import { runService, type ServiceContext } from '../service/run-service.ts';
import { sourceKind } from '../settings.ts';
import { checkBars } from './check-bars.ts';
import { type CollectorConfig, collectorSchema } from './config.ts';

/** A source, under the name that its state in the log has. */
interface Stream {
  readonly name: string;
  readonly source: MarketSource;
  /** Events before this time are caught up on at full speed. */
  readonly liveFromUs?: number;
}

async function openStream({ source, simulator, features }: CollectorConfig, log: EventLog): Promise<Stream> {
  if (sourceKind(source) === 'replay') {
    const { file, format, symbol, timeZone } = source;
    const options = {
      path: file!,
      ...(format === undefined ? {} : { format }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(timeZone === undefined ? {} : { timeZone }),
    };
    const recording = await openReplay(options);
    checkBars(recording, features.bar);
    return { name: nameOf('replay', options), source: recording };
  }
  const { symbols, seed, ticksPerSecond, historySeconds, faults } = simulator;
  const name = nameOf('simulator', simulator);
  const startTimeUs = await firstStart(log, name, historySeconds);
  return {
    name,
    source: createSimulator({ symbols, seed, ticksPerSecond, startTimeUs, faults }),
    liveFromUs: startTimeUs + historySeconds * 1_000_000,
  };
}

const nameOf = (kind: string, settings: object): string =>
  `${kind}-${createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 8)}`;

/**
 * The clock on which data age: of a live market the machine's, so that it ages when nothing comes; of a recording that of its own
 * events, which may be years old, and which stands where it ends.
 */
function dataClock(isLive: boolean): MovedClock {
  return isLive ? { ...systemClock, observe: () => undefined } : new MarketClock(systemClock);
}

/** The simulated world begins once; every later start goes on in it. */
async function firstStart(log: EventLog, name: string, historySeconds: number): Promise<number> {
  const kept = new Snapshots<{ readonly startTimeUs: number }>(log, TOPICS.featureState);
  const key = `collector/${name}/start`;
  const before = await kept.load(key);
  if (before !== undefined) return before.startTimeUs;
  const startTimeUs = (Math.floor(systemClock.nowUs() / 1_000_000) - historySeconds) * 1_000_000;
  await kept.save(key, { startTimeUs });
  return startTimeUs;
}

/** Collects until the process is asked to stop. */
export function run(configFile?: string): Promise<void> {
  return runService(collectorSchema, configFile, collect);
}

async function collect(context: ServiceContext<CollectorConfig>): Promise<void> {
  const { config, log, metrics, logger, signal, started } = context;
  const tracer = await openTracing('collector', context);
  const { name, source, liveFromUs } = await openStream(config, log);
  const own = await CollectorState.open(log, name, TOPICS, systemClock);
  const clock = dataClock(liveFromUs !== undefined);
  const validator = new Validator({}, own.snapshot?.validator);
  const collector = new Collector({
    source,
    fromPosition: own.snapshot?.position ?? 0,
    validator,
    pacer: createPacer({
      speed: config.source.speed,
      clock: systemClock,
      ...(liveFromUs === undefined ? {} : { liveFromUs }),
    }),
    log,
    topics: TOPICS,
    clock: systemClock,
    observer: combineObservers([
      { onEvent: ({ eventTimeUs }) => clock.observe(eventTimeUs) },
      metricsObserver(metrics, clock),
    ]),
    own,
    snapshotItems: config.snapshots.everyRecords,
    ...(tracer === undefined ? {} : { spans: new MessageSpans({ tracer, system: 'kafka' }) }),
  });
  started();
  const position = own.snapshot?.position ?? 0;
  logger.info({ source: source.description, stream: name, position }, 'collecting');
  await collector.run(signal);
  await own.save({ position: collector.position, validator: validator.toState() });
  if (signal.aborted) return;
  logger.info({ position: collector.position }, 'source ended');
  // Ending would only have the process started again.
  await aborted(signal);
}

if (import.meta.main) await run(process.argv[2]);
