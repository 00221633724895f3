import { describe } from 'vitest';

import { describeCleanup } from './event-log-cleanup.ts';
import { describeFailures } from './event-log-failures.ts';
import { EventLogFixture, type EventLogTraits, type OpenEventLog } from './event-log-fixture.ts';
import { describeGroups } from './event-log-groups.ts';
import { describeRecords } from './event-log-records.ts';

/**
 * What every event log must do, run by name.
 *
 * @param open - Opens a log for a part of the suite; called several times, also of logs that stay open side by side.
 */
export function describeEventLog(name: string, open: OpenEventLog, traits: EventLogTraits = {}): void {
  const fixture = (): EventLogFixture => new EventLogFixture(open, traits);
  describe(`event log '${name}'`, () => {
    describe('keeps records', () => describeRecords(fixture));
    describe('shares work', () => describeGroups(fixture));
    describe('survives faults', () => describeFailures(fixture, open, traits));
    describe('cleans up', () => describeCleanup(fixture));
  });
}
