import { describe, expect, it } from 'vitest';

import { createFeatureEngine } from '../features/engine.ts';
import type { MarketEvent, QuarantineReason } from './events.ts';
import { createSimulator } from './sources/simulator/simulator.ts';
import { Validator } from './validate.ts';

async function simulated(
  count: number,
  faults: Parameters<typeof createSimulator>[0]['faults'],
): Promise<MarketEvent[]> {
  const settings = { symbols: ['ES'], seed: 3, ticksPerSecond: 20, startTimeUs: Date.UTC(2024, 0, 2) * 1000 };
  const events: MarketEvent[] = [];
  for await (const batch of createSimulator({
    ...settings,
    ...(faults === undefined ? {} : { faults }),
  }).read({})) {
    for (const item of batch) if ('event' in item) events.push(item.event);
    if (events.length >= count) break;
  }
  return events;
}

/** What is set aside on the way from a source to features, validator and engine together, by reason. */
function setAside(events: readonly MarketEvent[]): Map<QuarantineReason, MarketEvent[]> {
  const validator = new Validator();
  const engine = createFeatureEngine({ sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } });
  const found = new Map<QuarantineReason, MarketEvent[]>();
  const add = (reason: QuarantineReason, event: MarketEvent) =>
    found.set(reason, [...(found.get(reason) ?? []), event]);
  for (const [offset, event] of events.entries()) {
    const { isAccepted, notice } = validator.check(event);
    if (notice !== undefined) add(notice.reason, event);
    if (!isAccepted) continue;
    for (const { reason } of engine.step(event, offset).rejected) add(reason, event);
  }
  return found;
}

describe('quarantine on the way to the features', () => {
  it('takes nothing of a clean stream', async () => {
    expect(setAside(await simulated(5000, undefined))).toEqual(new Map());
  });

  it('sets late events and duplicates aside, each with its reason, and nothing else', async () => {
    const events = await simulated(5000, { late: 0.02, duplicate: 0.02 });
    const isLate = (event: MarketEvent) => event.receiveTimeUs - event.eventTimeUs > 1_000_000;
    const found = setAside(events);
    expect([...found.keys()].sort()).toEqual(['Duplicate', 'Late']);
    // Before the watermark has moved 2 s on, an event that is 2 s old is not late yet.
    const settled = events[0]!.eventTimeUs + 3_000_000;
    const late = events.filter((event) => isLate(event) && event.receiveTimeUs > settled);
    expect(found.get('Late')!.filter((event) => event.receiveTimeUs > settled)).toEqual(late);
    const twice = events.filter((event, i) => i > 0 && event === events[i - 1]);
    expect(found.get('Duplicate')).toEqual(twice);
  });
});
