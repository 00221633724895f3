import { setTimeout as sleep } from 'node:timers/promises';

import { isTransient, protocolError } from './client-errors.ts';
import { SOUGHT } from './committed.ts';
import { KafkaUnavailable } from './errors.ts';
import type { Link, LinkContext } from './link.ts';
import { type MemberDuties, Membership } from './membership.ts';

/** The group has formed anew since we joined; as whom to commit is known in a moment. */
const UNSETTLED = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']);

/** Where a group is to go on. */
export interface SeekTarget {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Commits an offset on behalf of a group, marked as an operator's choice.
 *
 * Brokers take commits of a group at work from its members only, so this joins as one that reads no topic: the others
 * keep their partitions and read on.
 *
 * @throws {KafkaRefused} The group is not one of ours: it shares partitions by another protocol.
 * @throws {KafkaUnavailable} The group did not form within `rebalanceTimeoutMs`.
 */
export async function seekGroup(target: SeekTarget, link: Link, context: LinkContext): Promise<void> {
  const { group, topic, partition, offset } = target;
  const { brokers, rebalanceTimeoutMs, connectTimeoutMs } = context.settings;
  const joined = Promise.withResolvers<void>();
  const duties: MemberDuties = {
    owned: () => new Map(),
    assigned: async () => {
      joined.resolve();
      return false;
    },
    lost: () => undefined,
    failed: (error) => joined.reject(error),
  };
  const membership = new Membership(group, [], duties, context);
  membership.start();
  const giveUp = new AbortController();
  const late = sleep(rebalanceTimeoutMs, undefined, { signal: giveUp.signal }).then(() => {
    throw new KafkaUnavailable(brokers, rebalanceTimeoutMs, new Error(`group ${group} did not form`));
  });
  try {
    await Promise.race([joined.promise, late]);
    await link.retry(
      `move ${group}`,
      connectTimeoutMs,
      async () => {
        const coordinator = await link.coordinator(group);
        await coordinator.offsetCommit({
          ...membership.identity,
          topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata: SOUGHT }] }],
        });
      },
      (error) => isTransient(error) || UNSETTLED.has(protocolError(error) ?? ''),
    );
  } finally {
    giveUp.abort();
    await Promise.all([membership.leave(link), late.catch(() => undefined)]);
  }
}
