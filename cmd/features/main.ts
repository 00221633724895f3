/** The features process: market data in, feature vectors out, to the event log and the online store. */
import { parseBarClock } from '../../pkg/features/bar-clock.ts';
import { FeatureFeed } from '../../pkg/onlinestore/feature-feed.ts';
import { FeatureProcessor, type FeatureState } from '../../pkg/pipeline/feature-processor.ts';
import { MarketClock } from '../../pkg/pipeline/market-clock.ts';
import { MessageSpans } from '../../pkg/pipeline/message-spans.ts';
import { metricsObserver } from '../../pkg/pipeline/metrics-observer.ts';
import { Snapshots } from '../../pkg/pipeline/snapshots.ts';
import { aborted } from '../../pkg/runtime/aborted.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { openStore } from '../service/open-store.ts';
import { openTracing } from '../service/open-tracing.ts';
import { COMMIT_BEHIND_MS, runService } from '../service/run-service.ts';
import { featuresSchema } from './config.ts';

const GROUP = 'features';
/** Covers the batch in hand and the snapshots of every partition that is given up. */
const STOP_DEADLINE_MS = 10_000;

/** Computes features until the process is asked to stop. Several share the partitions; one that ends is taken over from its snapshot. */
export function run(configFile?: string): Promise<void> {
  return runService(featuresSchema, configFile, async (context) => {
    const { config, log, metrics, logger, shutdown, signal, started } = context;
    const tracer = await openTracing('features', context);
    const settings = { ...config.features, bar: parseBarClock(config.features.bar) };
    const store = await openStore(config.redis, logger);
    shutdown.add('online store', () => store.close());
    const feed = new FeatureFeed({
      store,
      onBehind: (error) => logger.warn({ err: error }, 'online store behind, features go on to the log'),
      onCaughtUp: (waited) => logger.info({ waited }, 'online store caught up'),
    });
    const marketClock = new MarketClock(systemClock);
    const processor = new FeatureProcessor({
      ...{ settings, log, store: feed, topics: TOPICS, clock: systemClock, marketClock },
      observer: metricsObserver(metrics, marketClock),
      states: new Snapshots<FeatureState>(log, TOPICS.featureState),
      snapshotRecords: config.snapshots.everyRecords,
      ...(tracer === undefined ? {} : { spans: new MessageSpans({ tracer, system: 'kafka', group: GROUP }) }),
    });
    const consumer = await log.consume(
      { group: GROUP, topics: [TOPICS.marketData], commitBehindMs: COMMIT_BEHIND_MS },
      processor,
    );
    shutdown.add('consumer', () => consumer.stop(STOP_DEADLINE_MS));
    started();
    await Promise.race([consumer.done, aborted(signal)]);
  });
}

if (import.meta.main) await run(process.argv[2]);
