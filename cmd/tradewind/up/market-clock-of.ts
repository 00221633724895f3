import { MarketClock, type MovedClock } from '../../../pkg/pipeline/market-clock.ts';
import { RunningMarketClock } from '../../../pkg/pipeline/running-market-clock.ts';
import type { Clock } from '../../../pkg/runtime/clock.ts';
import type { Stream } from './stream.ts';

/**
 * The clock by which features of a stream are too old to predict from. A live market goes on though nothing comes of it, so that
 * what came last grows old; a recording stands where it ended.
 */
export function marketClockOf({ liveFromUs }: Pick<Stream, 'liveFromUs'>, machine: Clock): MovedClock {
  return liveFromUs === undefined ? new MarketClock(machine) : new RunningMarketClock(machine);
}
