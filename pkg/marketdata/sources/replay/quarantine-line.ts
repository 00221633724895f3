import type { MalformedLine } from '../../errors.ts';
import type { Quarantined, QuarantineReason } from '../../events.ts';

const MAX_RAW = 1024;

/** Where a line was found and what is known of it. */
export interface LinePlace {
  /** `file:line`. */
  readonly origin: string;
  readonly symbol: string;
  /** Receipt of the event before it, UTC microseconds; 0 before the first. */
  readonly receiveTimeUs: number;
}

/** The quarantine record of a line that could not be read, or was too long to be kept (`raw` is empty then). */
export function quarantineLine(error: MalformedLine, raw: string, place: LinePlace): Quarantined {
  return {
    reason: (error.facts['reason'] ?? 'Malformed') as QuarantineReason,
    message: error.message,
    source: 'file',
    symbol: place.symbol,
    origin: place.origin,
    receiveTimeUs: place.receiveTimeUs,
    // Control characters of binary junk would break tables and terminals.
    raw: raw.slice(0, MAX_RAW).replaceAll(/[^\x20-\x7e]/g, '.'),
  };
}
