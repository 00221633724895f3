import { systemClock } from '../../../pkg/runtime/clock.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { eventually } from '../../support/eventually.ts';
import { appendBacklog, drained } from './backlog.ts';
import type { BenchCluster } from './cluster.ts';
import { Ticks } from './ticks.ts';

const BAR_US = 1_000_000;
const WITHIN_MS = 120_000;

/**
 * Seconds from the start of a features process, which takes over the state of `symbols` symbols over `bars` bars from one that stopped in order, until it has
 * given the next vector of every symbol.
 */
export function recoverySeconds(
  cluster: BenchCluster,
  { symbols, bars }: { symbols: number; bars: number },
): Promise<number> {
  const events = symbols * bars;
  const shape = { partitions: 4, bar: 'time:1000', snapshotRecords: Math.floor(events / 4 / 10) };
  return cluster.on(shape, async ({ log, start }) => {
    const ticks = new Ticks(symbols);
    const stepUs = BAR_US / symbols;
    await appendBacklog(log, ticks, { events, stepUs });
    const first = await start('features');
    await drained(log, 'features', TOPICS.marketData, first.pid);
    // In order: the state then is that of the last event, and the group is free at once.
    await first.stop('SIGTERM');
    const vectors = async (): Promise<number> =>
      (await log.positions(TOPICS.features)).reduce((sum, { endOffset }) => sum + endOffset, 0);
    const before = await vectors();
    // The bar of each symbol is closed by its next tick but one: the first lies within the allowed lateness.
    await appendBacklog(log, ticks, { events: 2 * symbols, stepUs, from: events });
    const begunMs = systemClock.monotonicMs();
    await start('features');
    await eventually(async () => (await vectors()) >= before + symbols, WITHIN_MS);
    return (systemClock.monotonicMs() - begunMs) / 1000;
  });
}
