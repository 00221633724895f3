import type { PartitionAssignment } from './event-log.ts';

/** A member that partitions can be given to. */
export interface GroupMember {
  readonly topics: readonly string[];
  /** Takes a partition over; the earlier owner has given it up. */
  assign(assignment: PartitionAssignment): void;
  /** Gives a partition up; resolves when its effects have stopped. Never rejects: what went wrong is the member's matter. */
  revoke(assignment: PartitionAssignment): Promise<void>;
}

/** What a group knows of one partition. */
interface PartitionState {
  owner?: { readonly member: GroupMember; readonly assignment: PartitionAssignment };
  /** The log does not have where the owner was to go on, and nobody has decided yet. */
  isStanding: boolean;
  committed?: number;
}

interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly state: PartitionState;
  readonly to: GroupMember | undefined;
}

/** Members, owners and committed offsets of one consumer group in this process. */
export class MemoryGroup {
  readonly #partitionsOf: (topic: string) => number;
  readonly #members: GroupMember[] = [];
  /** By topic and partition, of every topic that was ever read. Looked at with each append, so without keys to build. */
  readonly #states = new Map<string, readonly PartitionState[]>();
  #epoch = 0;
  #rebalancing: Promise<void> = Promise.resolve();

  constructor(partitionsOf: (topic: string) => number) {
    this.#partitionsOf = partitionsOf;
  }

  committed(topic: string, partition: number): number | undefined {
    return this.#states.get(topic)?.[partition]?.committed;
  }

  /** Commits, unless the partition has gone to another owner since. @returns Whether it was committed. */
  commit(assignment: PartitionAssignment, offset: number): boolean {
    const state = this.#owned(assignment);
    if (state === undefined) return false;
    state.committed = offset;
    return true;
  }

  /** Whether the partition is being read or about to be: by a member, and it does not stand still. */
  reads(topic: string, partition: number): boolean {
    if (this.#states.get(topic)?.[partition]?.isStanding === true) return false;
    return this.#members.some(({ topics }) => topics.includes(topic));
  }

  /** The owner will not go on before the partition is assigned anew. */
  standStill(assignment: PartitionAssignment): void {
    const state = this.#owned(assignment);
    if (state !== undefined) state.isStanding = true;
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

  /** State of the partition, while the assignment is the current one. */
  #owned({ topic, partition, epoch }: PartitionAssignment): PartitionState | undefined {
    const state = this.#states.get(topic)?.[partition];
    return state?.owner?.assignment.epoch === epoch ? state : undefined;
  }

  async #spread(): Promise<void> {
    const moves = this.#moves();
    await Promise.all(
      moves.map(async ({ state }) => {
        if (state.owner === undefined) return;
        await state.owner.member.revoke(state.owner.assignment);
        delete state.owner;
        state.isStanding = false;
      }),
    );
    for (const { topic, partition, state, to } of moves) {
      if (to === undefined) continue;
      this.#epoch += 1;
      const assignment = { topic, partition, epoch: this.#epoch };
      state.owner = { member: to, assignment };
      to.assign(assignment);
    }
  }

  /** Round robin over the members that read a topic; only partitions that change hands are moved. */
  #moves(): readonly Move[] {
    for (const topic of new Set(this.#members.flatMap(({ topics }) => topics))) this.#know(topic);
    const moves: Move[] = [];
    for (const [topic, states] of this.#states) {
      const readers = this.#members.filter((member) => member.topics.includes(topic));
      states.forEach((state, partition) => {
        const to = readers.length === 0 ? undefined : readers[partition % readers.length]!;
        if (state.owner?.member !== to) moves.push({ topic, partition, state, to });
      });
    }
    return moves;
  }

  #know(topic: string): void {
    if (this.#states.has(topic)) return;
    const states = Array.from({ length: this.#partitionsOf(topic) }, () => ({ isStanding: false }));
    this.#states.set(topic, states);
  }
}
