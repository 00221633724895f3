import type { PartitionAssignment } from './event-log.ts';

/** A member that partitions can be given to. */
export interface GroupMember {
  readonly topics: readonly string[];
  /** Takes a partition over; the earlier owner has given it up. */
  assign(assignment: PartitionAssignment): void;
  /** Gives a partition up; resolves when its effects have stopped. Never rejects: what went wrong is the member's matter. */
  revoke(assignment: PartitionAssignment): Promise<void>;
}

interface Owned {
  readonly member: GroupMember;
  readonly assignment: PartitionAssignment;
  /** The log does not have where it was to go on, and nobody has decided yet. */
  isStanding: boolean;
}

interface Move {
  readonly key: string;
  readonly topic: string;
  readonly partition: number;
  readonly to: GroupMember | undefined;
}

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** Members, owners and committed offsets of one consumer group in this process. */
export class MemoryGroup {
  readonly #partitionsOf: (topic: string) => number;
  readonly #members: GroupMember[] = [];
  readonly #owned = new Map<string, Owned>();
  readonly #committed = new Map<string, number>();
  #epoch = 0;
  #rebalancing: Promise<void> = Promise.resolve();

  constructor(partitionsOf: (topic: string) => number) {
    this.#partitionsOf = partitionsOf;
  }

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

  /** Whether the partition is being read or about to be: by a member, and it does not stand still. */
  reads(topic: string, partition: number): boolean {
    if (this.#owned.get(keyOf(topic, partition))?.isStanding === true) return false;
    return this.#members.some(({ topics }) => topics.includes(topic));
  }

  /** The owner will not go on before the partition is assigned anew. */
  standStill(assignment: PartitionAssignment): void {
    const owned = this.#owned.get(keyOf(assignment.topic, assignment.partition));
    if (owned?.assignment.epoch === assignment.epoch) owned.isStanding = true;
  }

  /** Takes a member in at once; its partitions come when the owners before it have given them up. */
  join(member: GroupMember): void {
    this.#members.push(member);
    void this.#rebalance();
  }

  /** Puts a member out at once; resolves when its partitions have been given up and gone to others. */
  leave(member: GroupMember): Promise<void> {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    return this.#rebalance();
  }

  /** One rebalance after the other: two at once would give one partition to two owners. */
  #rebalance(): Promise<void> {
    this.#rebalancing = this.#rebalancing.then(() => this.#spread());
    return this.#rebalancing;
  }

  async #spread(): Promise<void> {
    const moves = this.#moves();
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
      this.#owned.set(key, { member: to, assignment, isStanding: false });
      to.assign(assignment);
    }
  }

  /** Round robin over the members that read a topic; only partitions that change hands are moved. */
  #moves(): readonly Move[] {
    const topics = new Set([
      ...this.#members.flatMap((member) => member.topics),
      ...[...this.#owned.values()].map(({ assignment }) => assignment.topic),
    ]);
    const moves: Move[] = [];
    for (const topic of topics) {
      const readers = this.#members.filter((member) => member.topics.includes(topic));
      const partitions = this.#partitionsOf(topic);
      for (let partition = 0; partition < partitions; partition += 1) {
        const key = keyOf(topic, partition);
        const to = readers.length === 0 ? undefined : readers[partition % readers.length]!;
        if (this.#owned.get(key)?.member !== to) moves.push({ key, topic, partition, to });
      }
    }
    return moves;
  }
}
