import type { Link } from './link.ts';

/** Beside an offset that an operator has chosen, until the group commits one of its own. */
export const SOUGHT = 'tradewind: sought';

/** Where a group goes on in a partition. */
export interface Committed {
  readonly offset: number;
  /** Whether an operator has chosen it, and the group has not gone on from it yet. */
  readonly isSought: boolean;
}

/** @returns `undefined` where the group has committed none. */
export async function committedOf(
  link: Link,
  group: string,
  topic: string,
  partition: number,
): Promise<Committed | undefined> {
  const coordinator = await link.coordinator(group);
  const { responses } = await coordinator.offsetFetch({
    groupId: group,
    topics: [{ topic, partitions: [{ partition }] }],
  });
  const found = responses[0]?.partitions[0];
  const offset = Number(found?.offset ?? -1);
  return offset < 0 ? undefined : { offset, isSought: found?.metadata === SOUGHT };
}
