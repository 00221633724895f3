import { setImmediate as turn } from 'node:timers/promises';

import type { MarketSource, ReadOptions, SourceItem } from '../source.ts';
import { Instrument, type SimulatorFaults } from './instrument.ts';

export interface SimulatorSettings {
  readonly symbols: readonly string[];
  readonly seed: number;
  /** Mean ticks per second of each symbol. */
  readonly ticksPerSecond: number;
  /** Time of the first tick, UTC microseconds. */
  readonly startTimeUs: number;
  readonly faults?: SimulatorFaults;
}

const BATCH = 256;

/**
 * A seeded market without end: regimes of volatility, activity over the day, queues, trades, and order flow whose pressure
 * weakly predicts the price (see `instrument.ts` for how weakly). The same settings give the same items.
 */
export function createSimulator(settings: SimulatorSettings): MarketSource {
  const { symbols, seed, ticksPerSecond } = settings;
  return {
    name: 'simulator',
    description: `simulator ${symbols.join(' ')}, seed ${seed}, ${ticksPerSecond} ticks/s each`,
    read: (options) => simulate(settings, options),
  };
}

async function* simulate(
  settings: SimulatorSettings,
  { fromPosition = 0, signal }: ReadOptions,
): AsyncGenerator<readonly SourceItem[]> {
  const { seed, ticksPerSecond, startTimeUs, faults = {} } = settings;
  const instruments = settings.symbols.map(
    (symbol) => new Instrument({ symbol, seed, ticksPerSecond, startTimeUs, faults }),
  );
  let batch: SourceItem[] = [];
  for (let position = 0; signal?.aborted !== true; position += 1) {
    const event = earliest(instruments).next();
    if (position >= fromPosition) batch.push({ position, event });
    if (position % BATCH === BATCH - 1) {
      if (batch.length > 0) yield batch;
      else await turn();
      batch = [];
    }
  }
}

function earliest(instruments: readonly Instrument[]): Instrument {
  let first = instruments[0]!;
  for (const instrument of instruments) if (instrument.nextTimeUs < first.nextTimeUs) first = instrument;
  return first;
}
