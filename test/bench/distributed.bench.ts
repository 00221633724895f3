/**
 * The stream as processes over Kafka and Redis: milliseconds from the arrival of the tick that closes a bar to a reader of its features and of its prediction,
 * by rate; events a second of one features and one gateway process that are behind, by symbols and partitions; seconds in which a features process takes over
 * the state of 1,000 symbols. Servers, driver and readers share the machine. Targets: at 1,000 ticks/s p99 of the features at most 50 ms, and of the
 * prediction after them at most 25 ms; 50,000 events/s; 5 s.
 *
 * Flags: --json; --part latency|backlog|recovery (all); --seconds N (15) of each rate; --events N (200,000) of each backlog; --repeats N (3) of the recovery.
 */
import { parseArgs } from 'node:util';

import { TOPICS } from '../../pkg/wire/topics.ts';
import { appendBacklog, secondsToDrain } from './distributed/backlog.ts';
import { BenchCluster } from './distributed/cluster.ts';
import { measureLatency } from './distributed/latency.ts';
import { recoverySeconds } from './distributed/recovery.ts';
import { Ticks } from './distributed/ticks.ts';
import { type Figure, report } from './report.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    part: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    events: { type: 'string', default: '200000' },
    repeats: { type: 'string', default: '3' },
  },
});

const RATES = [100, 1000, 5000];
const TARGET_RATE = 1000;
const LIVE_SYMBOLS = 100;
/** Symbols and partitions of each backlog. */
const SHAPES = [
  [10, 4],
  [1000, 4],
  [10_000, 4],
  [1000, 1],
] as const;
const MIN_TICKS = 25;
const events = Number(flags.events);

async function latencyFigures(cluster: BenchCluster): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const ticksPerSecond of RATES) {
    const hops = await cluster.on({ partitions: 4, bar: 'time:100' }, async ({ log, start }) => {
      await Promise.all([start('features'), start('gateway')]);
      return measureLatency(log, { ticksPerSecond, seconds: Number(flags.seconds), symbols: LIVE_SYMBOLS });
    });
    const name = `${ticksPerSecond.toLocaleString('en-US')} ticks/s`;
    figures.push({ name: `${name}, appended`, unit: 'ticks/s', values: [hops.ticksPerSecond] });
    for (const [hop, sketch] of [
      ['to market data', hops.appended],
      ['to features', hops.features],
      ['to prediction', hops.signals],
    ] as const)
      for (const q of [0.5, 0.95, 0.99]) {
        const isTarget = ticksPerSecond === TARGET_RATE && q === 0.99;
        const atMost = { 'to features': 50, 'to prediction': 75 }[hop as string];
        figures.push({
          ...{ name: `${name}, tick ${hop}, p${100 * q}`, unit: 'ms', values: [sketch.quantile(q)] },
          ...(isTarget && atMost !== undefined ? { target: { atMost } } : {}),
        });
      }
  }
  return figures;
}

async function backlogFigures(cluster: BenchCluster): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [symbols, partitions] of SHAPES) {
    const [features, gateway] = await cluster.on({ partitions, bar: 'time:1000' }, async ({ log, start }) => {
      // Ten ticks a bar; of many symbols enough for bars to close.
      await appendBacklog(log, new Ticks(symbols), {
        events: Math.max(events, MIN_TICKS * symbols),
        stepUs: 100_000 / symbols,
      });
      await start('features');
      const ofFeatures = await secondsToDrain(log, 'features', TOPICS.marketData);
      await start('gateway');
      return [ofFeatures, await secondsToDrain(log, 'gateway', TOPICS.features)] as const;
    });
    const name = `${symbols.toLocaleString('en-US')} symbols, ${partitions} partition${partitions === 1 ? '' : 's'}`;
    figures.push(
      {
        ...{ name: `features process, ${name}`, unit: 'events/s' },
        values: [features.records / features.seconds],
        target: { atLeast: 50_000 },
      },
      { name: `gateway process, ${name}`, unit: 'vectors/s', values: [gateway.records / gateway.seconds] },
    );
  }
  return figures;
}

async function recoveryFigures(cluster: BenchCluster): Promise<readonly Figure[]> {
  const values: number[] = [];
  for (let i = 0; i < Number(flags.repeats); i += 1)
    values.push(await recoverySeconds(cluster, { symbols: 1000, bars: 200 }));
  return [{ name: 'take-over, 1,000 symbols x 200 bars', unit: 's', values, target: { atMost: 5 } }];
}

const PARTS = { latency: latencyFigures, backlog: backlogFigures, recovery: recoveryFigures };
const cluster = await BenchCluster.start();
try {
  const figures: Figure[] = [];
  for (const [part, figuresOf] of Object.entries(PARTS))
    if (flags.part === undefined || flags.part === part) figures.push(...(await figuresOf(cluster)));
  report('distributed', figures, { json: flags.json });
} finally {
  await cluster.stop();
}
