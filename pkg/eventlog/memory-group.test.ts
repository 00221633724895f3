import { describe, expect, it } from 'vitest';

import type { PartitionAssignment } from './event-log.ts';
import { MemoryGroup, type GroupMember } from './memory-group.ts';

/** A member that notes what it owns; it gives up at once, or when `release` says so. */
function member(release: Promise<void> = Promise.resolve()) {
  const owned = new Map<number, PartitionAssignment>();
  const taken: GroupMember = {
    topics: ['events'],
    assign: (assignment) => void owned.set(assignment.partition, assignment),
    revoke: async ({ partition }) => {
      await release;
      owned.delete(partition);
    },
  };
  return { ...taken, owned };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a group in memory', () => {
  it('moves no partition that stays with its member', async () => {
    const group = new MemoryGroup(() => 4);
    const [one, two] = [member(), member()];
    group.join(one);
    await settle();
    const before = new Map(one.owned);
    group.join(two);
    await settle();
    expect([...one.owned.keys(), ...two.owned.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    for (const [partition, assignment] of one.owned) expect(assignment).toBe(before.get(partition));
  });

  it('loses nobody else when a member leaves that has left', async () => {
    const group = new MemoryGroup(() => 2);
    const [one, two] = [member(), member()];
    group.join(one);
    group.join(two);
    await group.leave(one);
    await group.leave(one);
    expect(group.reads('events', 0)).toBe(true);
    expect(two.owned.size).toBe(2);
  });

  it('commits for the owner of now only', async () => {
    const group = new MemoryGroup(() => 1);
    const [one, two] = [member(), member()];
    group.join(one);
    await settle();
    const first = one.owned.get(0)!;
    expect(group.commit(first, 5)).toBe(true);
    await group.leave(one);
    expect(group.commit(first, 6)).toBe(false);
    group.join(two);
    await settle();
    expect(group.commit(first, 7)).toBe(false);
    expect(two.owned.get(0)!.epoch).toBeGreaterThan(first.epoch);
    expect(group.committed('events', 0)).toBe(5);
  });

  it('gives a partition to nobody before its owner has given it up', async () => {
    const group = new MemoryGroup(() => 1);
    const release = Promise.withResolvers<void>();
    const [one, two] = [member(release.promise), member()];
    group.join(one);
    await settle();
    const left = group.leave(one);
    group.join(two);
    await settle();
    expect([one.owned.size, two.owned.size]).toEqual([1, 0]);
    release.resolve();
    await left;
    await settle();
    expect([one.owned.size, two.owned.size]).toEqual([0, 1]);
  });
});
