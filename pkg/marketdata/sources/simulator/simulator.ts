import { setImmediate as turn } from 'node:timers/promises';

import { SimulatorSettingsInvalid } from '../../errors.ts';
import type { MarketSource, ReadOptions, SourceItem } from '../source.ts';
import { Instrument, type SimulatorFaults } from './instrument.ts';

export interface SimulatorSettings {
  /** At least one, each once. */
  readonly symbols: readonly string[];
  /** A whole number. */
  readonly seed: number;
  /** Mean ticks per second of each symbol, above 0 and at most 100,000. */
  readonly ticksPerSecond: number;
  /** Time of the first tick, UTC microseconds. */
  readonly startTimeUs: number;
  readonly faults?: SimulatorFaults;
}

const BATCH = 256;
const MAX_TICKS_PER_SECOND = 100_000;
const FAULT_SHARES = ['late', 'duplicate', 'bad'] as const;

/**
 * A seeded market without end: regimes of volatility, activity over the day, queues, trades, and order flow whose pressure
 * weakly predicts the price (see `instrument.ts` for how weakly). The same settings give the same items.
 *
 * @throws {SimulatorSettingsInvalid}
 */
export function createSimulator(settings: SimulatorSettings): MarketSource {
  const problems = problemsOf(settings);
  if (problems.length > 0) throw new SimulatorSettingsInvalid(problems);
  const { symbols, seed, ticksPerSecond } = settings;
  return {
    name: 'simulator',
    description: `simulator ${symbols.join(' ')}, seed ${seed}, ${ticksPerSecond} ticks/s each`,
    read: (options) => simulate(settings, options),
  };
}

function problemsOf({
  symbols,
  seed,
  ticksPerSecond,
  startTimeUs,
  faults = {},
}: SimulatorSettings): string[] {
  const problems: string[] = [];
  const isNamed = symbols.every((symbol) => symbol.trim() !== '') && new Set(symbols).size === symbols.length;
  if (symbols.length === 0 || !isNamed)
    problems.push(`symbols must be at least one, each named once, were '${symbols.join(',')}'`);
  if (!Number.isSafeInteger(seed)) problems.push(`seed must be a whole number, was ${seed}`);
  if (!(ticksPerSecond > 0 && ticksPerSecond <= MAX_TICKS_PER_SECOND))
    problems.push(
      `ticks per second must be above 0 and at most ${MAX_TICKS_PER_SECOND}, was ${ticksPerSecond}`,
    );
  if (!Number.isSafeInteger(startTimeUs))
    problems.push(`start must be whole microseconds, was ${startTimeUs}`);
  const shares = FAULT_SHARES.map((name) => faults[name] ?? 0);
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!(shares.every((share) => share >= 0) && sum <= 1))
    problems.push(`shares of faults must be from 0 and sum to at most 1, were ${shares.join(', ')}`);
  const { haltsPerHour = 0 } = faults;
  if (!(haltsPerHour >= 0 && haltsPerHour < Infinity))
    problems.push(`halts per hour must be from 0, was ${haltsPerHour}`);
  return problems;
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
