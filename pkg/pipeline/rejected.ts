import type { MarketEvent, Quarantined } from '../marketdata/events.ts';

const MESSAGES: Readonly<Record<'Late' | 'Duplicate', string>> = {
  Late: 'event must come before the watermark has passed its time',
  Duplicate: 'identity (source, symbol, sequence) must be new',
};

/** The quarantine record of an event that the feature engine did not take. */
export function rejected(event: MarketEvent, reason: 'Late' | 'Duplicate', origin: string): Quarantined {
  const { source, symbol, sequence, eventTimeUs, receiveTimeUs } = event;
  return {
    reason,
    message: `${MESSAGES[reason]}, was ${sequence} at ${eventTimeUs} us`,
    ...{ source, symbol, receiveTimeUs, sequence, eventTimeUs },
    origin,
    raw: JSON.stringify(event).slice(0, 1024),
  };
}
