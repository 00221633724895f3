/**
 * The stream as processes over Kafka and Redis: broker, Redis, processes, driver and readers share the machine.
 *
 * `requests`: milliseconds of the requests that a record waits for, or used to, one after the other: the quickest and the median.
 * `latency`, by rate, 100 symbols with bars of 1 s unless `--bar` says otherwise: p50, p95 and p99 in milliseconds, of
 *   - tick to features: from the arrival of the tick that closes a bar to a reader of the log that has the vector;
 *   - features to prediction: from the vector in the log to a reader that has its prediction;
 *   - tick to prediction: from the arrival of that tick to a reader that has the prediction;
 *   - each stretch of that way by itself, and its share of the mean.
 * `rising`: ticks a second, one in ten closing a bar, to a rate at which records begin to wait somewhere, by symbols and partitions.
 * `backlog`: records a second of one features and one gateway process that are behind, and the processor time that each costs: what it costs however
 *   busy the machine is.
 * `recovery`: seconds in which a features process takes over the state of 1,000 symbols.
 *
 * Targets at 1,000 ticks/s: p99 of tick to features at most 50 ms, of features to prediction at most 25 ms; 50,000 events/s; 5 s.
 *
 * Flags: --json; --part requests|latency|rising|backlog|recovery (all); --rates 100,1000,5000; --bar time:1000 of the latency; --seconds N (20) of each rate; --step N (4)
 * seconds of each step of the rising rate; --events N (200,000) of each backlog; --repeats N (3) of everything.
 */
import { loadavg } from 'node:os';

import { isDrained } from '../../pkg/pipeline/checkpointer.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { eventually } from '../support/eventually.ts';
import { appendBacklog, drained } from './distributed/backlog.ts';
import { BenchCluster } from './distributed/cluster.ts';
import { latencyFigures } from './distributed/latency-figures.ts';
import { type Latencies, measureLatency } from './distributed/latency.ts';
import { recoverySeconds } from './distributed/recovery.ts';
import { timeRequests } from './distributed/requests.ts';
import { type Sustained, sustainedRate } from './distributed/rising.ts';
import { Ticks } from './distributed/ticks.ts';
import { benchFlags } from './flags.ts';
import { type Figure, median, report } from './report.ts';

const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    part: { type: 'string' },
    rates: { type: 'string', default: '100,1000,5000' },
    bar: { type: 'string', default: 'time:1000' },
    seconds: { type: 'string', default: '20' },
    step: { type: 'string', default: '4' },
    events: { type: 'string', default: '200000' },
    repeats: { type: 'string', default: '3' },
  },
});

const TARGET_RATE = 1000;
const TARGETS = { toFeatures: 50, prediction: 25 };
const LIVE_SYMBOLS = 100;
/** Symbols and partitions of each shape. */
const SHAPES = [
  [10, 4],
  [1000, 4],
  [10_000, 4],
  [1000, 1],
] as const;
const MIN_TICKS = 25;
/** Ticks of each symbol before a rising rate, so that bars close as often as they will. */
const FILL_TICKS = 15;
const FILLED_WITHIN_MS = 120_000;
const REQUESTS = 200;
const FROM_RATE = 2000;
const MAX_STEPS = 20;
const events = Number(flags.events);
const repeats = Number(flags.repeats);
const facts: Record<string, unknown> = {};

async function repeated<T>(measure: () => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let i = 0; i < repeats; i += 1) all.push(await measure());
  return all;
}

async function requests(cluster: BenchCluster): Promise<readonly Figure[]> {
  const found = await repeated(() => timeRequests(cluster.brokers, REQUESTS));
  return [...found[0]!.keys()].flatMap((name) => [
    {
      ...{ name: `${name}, quickest`, unit: 'ms' },
      values: found.map((times) => Math.min(...times.get(name)!)),
    },
    { name: `${name}, p50`, unit: 'ms', values: found.map((times) => median(times.get(name)!)) },
  ]);
}

async function latencies(cluster: BenchCluster): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const rate of flags.rates.split(',').map(Number)) {
    const found = await repeated(() =>
      cluster.on({ partitions: 4, bar: flags.bar }, async ({ log, start }): Promise<Latencies> => {
        await Promise.all([start('features'), start('gateway')]);
        const ticks = new Ticks(LIVE_SYMBOLS);
        return measureLatency(log, ticks, { ticksPerSecond: rate, seconds: Number(flags.seconds) });
      }),
    );
    const name = `${rate.toLocaleString('en-US')} ticks/s`;
    figures.push(...latencyFigures(name, found, rate === TARGET_RATE ? TARGETS : undefined));
  }
  return figures;
}

async function risingRates(cluster: BenchCluster): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const bottlenecks: Record<string, readonly string[]> = {};
  for (const [symbols, partitions] of SHAPES) {
    const found = await repeated(() =>
      cluster.on({ partitions, bar: 'trades:10' }, async ({ log, start }): Promise<Sustained> => {
        const ticks = new Ticks(symbols, 'trades');
        await appendBacklog(log, ticks, { events: FILL_TICKS * symbols, stepUs: 1 });
        await Promise.all([start('features'), start('gateway')]);
        for (const [group, topic] of [
          ['features', TOPICS.marketData],
          ['gateway', TOPICS.features],
        ] as const)
          await eventually(() => isDrained(log, [{ group, topics: [topic] }]), FILLED_WITHIN_MS);
        return sustainedRate(log, ticks, {
          ...{ fromRate: FROM_RATE, stepSeconds: Number(flags.step), steps: MAX_STEPS },
        });
      }),
    );
    const name = `rising rate, ${shapeName(symbols, partitions)}`;
    bottlenecks[name] = found.map(({ bottleneck }) => bottleneck);
    figures.push({ name, unit: 'ticks/s', values: found.map(({ ticksPerSecond }) => ticksPerSecond) });
  }
  facts['bottlenecks'] = bottlenecks;
  return figures;
}

async function backlogs(cluster: BenchCluster): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [symbols, partitions] of SHAPES) {
    const found = await repeated(() =>
      cluster.on({ partitions, bar: 'time:1000' }, async ({ log, start }) => {
        // Ten ticks a bar; of many symbols enough for bars to close.
        await appendBacklog(log, new Ticks(symbols), {
          events: Math.max(events, MIN_TICKS * symbols),
          stepUs: 100_000 / symbols,
        });
        const { pid } = await start('features');
        const features = await drained(log, 'features', TOPICS.marketData, pid);
        const gateway = await start('gateway');
        return { features, gateway: await drained(log, 'gateway', TOPICS.features, gateway.pid) };
      }),
    );
    const name = shapeName(symbols, partitions);
    figures.push(
      {
        ...{ name: `features process, ${name}`, unit: 'events/s' },
        values: found.map(({ features: { records, seconds } }) => records / seconds),
        target: { atLeast: 50_000 },
      },
      {
        ...{ name: `gateway process, ${name}`, unit: 'vectors/s' },
        values: found.map(({ gateway: { records, seconds } }) => records / seconds),
      },
      ...(['features', 'gateway'] as const).map((group) => ({
        ...{ name: `${group} process, ${name}, processor time`, unit: 'us/record' },
        values: found.map(({ [group]: { records, cpuSeconds } }) => (1e6 * cpuSeconds) / records),
      })),
    );
  }
  return figures;
}

async function recoveries(cluster: BenchCluster): Promise<readonly Figure[]> {
  const values = await repeated(() => recoverySeconds(cluster, { symbols: 1000, bars: 200 }));
  return [{ name: 'take-over, 1,000 symbols x 200 bars', unit: 's', values, target: { atMost: 5 } }];
}

const shapeName = (symbols: number, partitions: number): string =>
  `${symbols.toLocaleString('en-US')} symbols, ${partitions} partition${partitions === 1 ? '' : 's'}`;

const PARTS = { requests, latency: latencies, rising: risingRates, backlog: backlogs, recovery: recoveries };
const cluster = await BenchCluster.start();
try {
  const figures: Figure[] = [];
  for (const [part, figuresOf] of Object.entries(PARTS))
    if (flags.part === undefined || flags.part === part) figures.push(...(await figuresOf(cluster)));
  // Of which the bench is a part: other work on the machine shows here.
  report('distributed', figures, { json: flags.json, facts: { ...facts, loadAverage: loadavg() } });
} finally {
  await cluster.stop();
}
