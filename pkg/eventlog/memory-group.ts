import type { PartitionAssignment } from './event-log.ts';

/** A member that partitions can be given to. */
export interface GroupMember {
  readonly topics: readonly string[];
  /** Takes a partition over; the earlier owner has given it up. */
  assign(assignment: PartitionAssignment): void;
  /** Gives a partition up; resolves when its effects have stopped. */
  revoke(assignment: PartitionAssignment): Promise<void>;
}

interface Owned {
  readonly member: GroupMember;
  readonly assignment: PartitionAssignment;
}

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** Members, owners and committed offsets of one consumer group in this process. */
export class MemoryGroup {
  readonly #members: GroupMember[] = [];
  readonly #owned = new Map<string, Owned>();
  readonly #committed = new Map<string, number>();
  #epoch = 0;
  #rebalancing: Promise<void> = Promise.resolve();

  committed(topic: string, partition: number): number | undefined {
    return this.#committed.get(keyOf(topic, partition));
  }

  /** Commits, unless the partition has gone to another owner since. @returns Whether it was committed. */
  commit(assignment: PartitionAssignment, offset: number): boolean {
    const key = keyOf(assignment.topic, assignment.partition);
    if (this.#owned.get(key)?.assignment.epoch !== assignment.epoch) return false;
    this.#committed.set(key, offset);
    return true;
  }

  join(member: GroupMember, partitionsOf: (topic: string) => number): Promise<void> {
    this.#members.push(member);
    return this.#rebalance(partitionsOf);
  }

  leave(member: GroupMember, partitionsOf: (topic: string) => number): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    return this.#rebalance(partitionsOf);
  }

  /** Topics that some member reads. */
  topics(): ReadonlySet<string> {
    return new Set(this.#members.flatMap(({ topics }) => topics));
  }

  #rebalance(partitionsOf: (topic: string) => number): Promise<void> {
    this.#rebalancing = this.#rebalancing.then(() => this.#spread(partitionsOf));
    return this.#rebalancing;
  }

  /** Round robin over the members that read a topic; only partitions that change hands are moved. */
  async #spread(partitionsOf: (topic: string) => number): Promise<void> {
    const moves: {
      readonly key: string;
      readonly topic: string;
      readonly partition: number;
      readonly to?: GroupMember;
    }[] = [];
    const topics = new Set([
      ...this.topics(),
      ...[...this.#owned.values()].map(({ assignment }) => assignment.topic),
    ]);
    for (const topic of topics) {
      const readers = this.#members.filter((member) => member.topics.includes(topic));
      for (let partition = 0; partition < partitionsOf(topic); partition += 1) {
        const key = keyOf(topic, partition);
        const to = readers.length === 0 ? undefined : readers[partition % readers.length]!;
        if (this.#owned.get(key)?.member !== to)
          moves.push({ key, topic, partition, ...(to === undefined ? {} : { to }) });
      }
    }
    await Promise.all(
      moves.map(async ({ key }) => {
        const owned = this.#owned.get(key);
        if (owned === undefined) return;
        await owned.member.revoke(owned.assignment);
        this.#owned.delete(key);
      }),
    );
    for (const { key, topic, partition, to } of moves) {
      if (to === undefined) continue;
      this.#epoch += 1;
      const assignment = { topic, partition, epoch: this.#epoch };
      this.#owned.set(key, { member: to, assignment });
      to.assign(assignment);
    }
  }
}
