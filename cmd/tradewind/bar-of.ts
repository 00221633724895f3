import { formatBarClock, parseBarClock } from '../../pkg/features/bar-clock.ts';
import { openReplay } from '../../pkg/marketdata/sources/replay/open.ts';
import type { MarketSource } from '../../pkg/marketdata/sources/source.ts';
import type { TrainingInput } from '../../pkg/training/training-job.ts';
import { FlagsInvalid } from './errors.ts';

/**
 * Bar clock of the features of a source. Bars that it publishes are taken as they are, so that their interval is the clock, whatever
 * was asked for.
 *
 * @param wanted - For a source of ticks, e.g. `time:1000`.
 * @throws {BarClockInvalid}
 */
export function barOf({ barIntervalMs }: Pick<MarketSource, 'barIntervalMs'>, wanted: string): string {
  const clock = parseBarClock(wanted);
  return formatBarClock(barIntervalMs === undefined ? clock : { by: 'time', intervalMs: barIntervalMs });
}

/** Bar clock of ticks where none is asked for. */
export const DEFAULT_BAR = 'time:1000';

/** Sees that a bar clock that was asked for on the command line is the one that there is. @throws {FlagsInvalid} The file has bars of its own. */
export function checkGivenBar(given: string | undefined, bar: string): void {
  if (given !== undefined && formatBarClock(parseBarClock(given)) !== bar)
    throw new FlagsInvalid(
      `--bar must be ${bar} or left out, since that is the bars of the file, was '${given}'`,
    );
}

/**
 * The one bar clock of several inputs. A feature file does not say its own: it is taken to be the one asked for.
 *
 * @throws {FlagsInvalid} They have several. @throws What opening a recording throws.
 */
export async function barOfInputs(inputs: readonly TrainingInput[], wanted: string): Promise<string> {
  const bars = new Set<string>();
  for (const input of inputs) {
    if (input.kind !== 'replay') bars.add(barOf({}, wanted));
    else {
      const { kind: _kind, file, ...options } = input;
      bars.add(barOf(await openReplay({ path: file, ...options }), wanted));
    }
  }
  const [bar, ...others] = bars;
  if (others.length > 0)
    throw new FlagsInvalid(`files must all have bars of one kind, had ${[...bars].join(', ')}`);
  return bar ?? barOf({}, wanted);
}
