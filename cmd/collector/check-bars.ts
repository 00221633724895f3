import { formatBarClock, parseBarClock } from '../../pkg/features/bar-clock.ts';
import type { MarketSource } from '../../pkg/marketdata/sources/source.ts';
import { ConfigInvalid } from '../../pkg/runtime/common-errors.ts';

/**
 * Sees that bars which a source publishes are those that features are made of: they are taken as they are, so a model of other
 * bars would be given what it was not trained on, without anybody being told.
 *
 * @param bar - Bar clock that is configured, e.g. `time:1000`.
 * @throws {ConfigInvalid} The source has other bars. {@link BarClockInvalid}
 */
export function checkBars({ barIntervalMs }: Pick<MarketSource, 'barIntervalMs'>, bar: string): void {
  const configured = formatBarClock(parseBarClock(bar));
  if (barIntervalMs === undefined) return;
  const own = formatBarClock({ by: 'time', intervalMs: barIntervalMs });
  if (configured !== own)
    throw new ConfigInvalid([
      `features.bar must be ${own}, since that is the bars of source.file, was '${configured}'`,
    ]);
}
