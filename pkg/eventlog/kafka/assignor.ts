import { AssignerProtocol } from 'kafkajs';

/** Name of the protocol that all members of a group must share. */
export const PROTOCOL = 'tradewind-cooperative-1';
const WIRE_VERSION = 1;

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, readonly number[]>;

/** What a member tells the group's leader when it joins. */
export interface Claim {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** Partitions that it owns and reads on with, as of `generation`. */
  readonly owned: Partitions;
  /** Generation that gave it `owned`; -1 for a newcomer. */
  readonly generation: number;
}

/**
 * Spreads partitions over members: each topic evenly, owners keep what they have as far as that allows.
 *
 * A partition that is to move is given to nobody in this round: its owner finishes, gives it up and joins again, and
 * then it is free. So no partition ever has two owners, and nobody stops for what others do.
 *
 * @param counts - Partitions of each topic.
 * @returns Partitions of each member; together with what is on the move, every one exactly once.
 * @see Kafka's KIP-429 (incremental cooperative rebalancing), whose two rounds these are.
 */
export function spread(
  claims: readonly Claim[],
  counts: ReadonlyMap<string, number>,
): ReadonlyMap<string, Partitions> {
  const members = claims.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const given = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]));
  const totals = new Map(members.map(({ memberId }) => [memberId, 0]));
  for (const [topic, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const readers = members.filter(({ topics }) => topics.includes(topic));
    if (readers.length === 0) continue;
    const owners = ownersOf(topic, count, readers);
    const held = (memberId: string): number[] =>
      [...owners].filter(([, id]) => id === memberId).map(([p]) => p);
    // Who has most keeps most; between equals, who has least of the other topics gets the odd one.
    const order = readers
      .map(({ memberId }) => ({ memberId, held: held(memberId) }))
      .sort((a, b) => b.held.length - a.held.length || totals.get(a.memberId)! - totals.get(b.memberId)!);
    const free = Array.from({ length: count }, (_, p) => p).filter((p) => !owners.has(p));
    order.forEach(({ memberId, held }, at) => {
      const quota = Math.floor(count / order.length) + (at < count % order.length ? 1 : 0);
      const kept = held.slice(0, quota);
      const taken = free.splice(0, quota - kept.length);
      given.get(memberId)!.set(
        topic,
        [...kept, ...taken].toSorted((a, b) => a - b),
      );
      totals.set(memberId, totals.get(memberId)! + quota);
    });
  }
  return given;
}

/** Owner of each partition that has one: of two that claim it, who got it later; a claim from before is void. */
function ownersOf(topic: string, count: number, readers: readonly Claim[]): ReadonlyMap<number, string> {
  const owners = new Map<number, Claim>();
  for (const reader of readers) {
    for (const partition of reader.owned.get(topic) ?? []) {
      const other = owners.get(partition);
      if (partition < count && (other === undefined || other.generation < reader.generation))
        owners.set(partition, reader);
    }
  }
  return new Map([...owners].map(([partition, { memberId }]) => [partition, memberId]));
}

/** A claim as a member sends it. */
export function encodeClaim({ topics, owned, generation }: Omit<Claim, 'memberId'>): Buffer {
  const userData = Buffer.from(JSON.stringify({ generation, owned: Object.fromEntries(owned) }));
  return AssignerProtocol.MemberMetadata.encode({ version: WIRE_VERSION, topics: [...topics], userData });
}

/** The inverse of {@link encodeClaim}, as the leader reads it. */
export function decodeClaim(memberId: string, metadata: Buffer): Claim {
  const { topics, userData } = AssignerProtocol.MemberMetadata.decode(metadata)!;
  const { generation, owned } = JSON.parse(userData.toString()) as {
    readonly generation: number;
    readonly owned: Readonly<Record<string, readonly number[]>>;
  };
  return { memberId, topics, generation, owned: new Map(Object.entries(owned)) };
}

export function encodeAssignment(partitions: Partitions): Buffer {
  return AssignerProtocol.MemberAssignment.encode({
    version: WIRE_VERSION,
    assignment: Object.fromEntries([...partitions].map(([topic, list]) => [topic, [...list]])),
    userData: Buffer.alloc(0),
  });
}

/** The inverse of {@link encodeAssignment}; nothing for a member that the leader gave nothing. */
export function decodeAssignment(bytes: Buffer): Partitions {
  if (bytes.length === 0) return new Map();
  return new Map(Object.entries(AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {}));
}
