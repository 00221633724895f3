import { describe } from 'vitest';

import { describeEventLog } from '../../../test/conformance/event-log.ts';
import type { EventLogUnderTest } from '../../../test/conformance/event-log-fixture.ts';
import { kafkaMissing } from '../../../test/servers/kafka.ts';
import { brokersForTests, cleanTopic, openTestLog } from '../../../test/support/kafka-log.ts';

const missing = kafkaMissing();

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'on a real broker' : `without ${missing}`,
  () => {
    const brokers = brokersForTests();

    describeEventLog(
      'kafka',
      async (): Promise<EventLogUnderTest> => {
        const log = await openTestLog(brokers());
        const others: { close(): Promise<void> }[] = [];
        return {
          log,
          connect: async () => {
            const other = await openTestLog(brokers());
            others.push(other);
            return other;
          },
          clean: async (topic) => cleanTopic(brokers(), log, topic),
          close: async () => {
            await Promise.all([log, ...others].map((one) => one.close()));
          },
        };
      },
      { withinMs: 20_000 },
    );
  },
);
