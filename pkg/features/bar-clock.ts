import type { BarClock } from './feature-vector.ts';
import { BarClockInvalid } from './errors.ts';

/**
 * Reads `time:<ms>`, `trades:<n>` or `volume:<n>`.
 *
 * @throws {BarClockInvalid}
 */
export function parseBarClock(text: string): BarClock {
  const [by, amount, ...rest] = text.split(':');
  const value = Number(amount);
  if (
    amount === undefined ||
    amount.trim() === '' ||
    rest.length > 0 ||
    !(value > 0) ||
    !Number.isFinite(value)
  ) {
    throw new BarClockInvalid(text);
  }
  if (by === 'time' && Number.isInteger(value)) return { by, intervalMs: value };
  if (by === 'trades' && Number.isInteger(value)) return { by, count: value };
  if (by === 'volume') return { by, volume: value };
  throw new BarClockInvalid(text);
}

/** The text of a bar clock, as `parseBarClock` reads it. */
export function formatBarClock(clock: BarClock): string {
  switch (clock.by) {
    case 'time':
      return `time:${clock.intervalMs}`;
    case 'trades':
      return `trades:${clock.count}`;
    case 'volume':
      return `volume:${clock.volume}`;
  }
}
