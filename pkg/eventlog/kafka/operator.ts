import { type Clock, systemClock } from '../../runtime/clock.ts';
import { OffsetOutOfRange, TopicUnknown } from '../errors.ts';
import type { PartitionPosition } from '../event-log.ts';
import { decodeAssignment } from './assignor.ts';
import type { Broker } from './broker.ts';
import { committedOf, SOUGHT } from './committed.ts';
import { type KafkaEventLogConfig, type KafkaLogger, withDefaults } from './config.ts';
import { GroupAtWork, GroupUnknown } from './errors.ts';
import { Link, type LinkContext } from './link.ts';
import { positionOf, positionsOf } from './positions.ts';
import { Seeds } from './seeds.ts';
import { seekGroup } from './seek.ts';
import { describeTopic, type TopicDescription } from './topic-description.ts';

/** How a group stands in one partition. */
export interface GroupPosition {
  readonly topic: string;
  readonly partition: number;
  /** Offset that the group reads next; `undefined` where it has committed none. */
  readonly committed: number | undefined;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Records that the group has not done yet, of those that are left. */
  readonly lag: number;
  /**
   * `reading`, or where it is to go on is not in the log any longer (`outOfRange`), or was chosen by an operator and not
   * gone on from yet (`sought`), or the group owns the partition and has committed nothing (`new`).
   */
  readonly state: 'reading' | 'outOfRange' | 'sought' | 'new';
  /** Client that owns the partition, as `id@host`. */
  readonly owner: string | undefined;
}

/** A consumer group as its coordinator knows it. */
export interface GroupDescription {
  readonly group: string;
  /** In Kafka's words: `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty`. */
  readonly state: string;
  readonly members: number;
  readonly positions: readonly GroupPosition[];
}

/** Of the protocol: groups whose members share partitions. */
const CONSUMER = 'consumer';

/** Where a group is sent: the oldest record that is left, the end, or an offset between. */
export type SeekTo = 'earliest' | 'latest' | number;

/** What people on call ask Kafka, and tell it. */
export class KafkaOperator {
  readonly #context: LinkContext;
  readonly #link: Link;

  private constructor(context: LinkContext) {
    this.#context = context;
    this.#link = new Link(context);
  }

  /** @throws {KafkaAuthenticationFailed | KafkaUnavailable} As the log itself. */
  static async open(
    config: KafkaEventLogConfig,
    { logger, clock = systemClock }: { readonly logger: KafkaLogger; readonly clock?: Clock },
  ): Promise<KafkaOperator> {
    const seeds = new Seeds(config.brokers);
    const operator = new KafkaOperator({
      settings: withDefaults(config),
      logger,
      clock,
      observer: {},
      seeds,
    });
    try {
      await operator.#link.open();
    } catch (error) {
      await operator.close();
      throw error;
    }
    return operator;
  }

  /** Names of all groups, sorted; some may have neither members nor offsets any longer. */
  async groups(): Promise<readonly string[]> {
    return this.#retry('list groups', async () => {
      const names = new Set<string>();
      for (const node of await this.#link.nodes()) {
        const broker = await this.#link.broker(node);
        for (const { groupId } of (await broker.listGroups()).groups) names.add(groupId);
      }
      return [...names].sort();
    });
  }

  /** @throws {GroupUnknown} It has neither members nor offsets. */
  async describeGroup(group: string): Promise<GroupDescription> {
    return this.#retry('describe a group', async () => {
      const coordinator = await this.#link.coordinator(group);
      const { state, members, protocolType } = await groupOf(coordinator, group);
      const owners = new Map<string, string>();
      for (const { clientId, clientHost, memberAssignment } of members) {
        // Others than consumers, such as connectors, form groups with assignments of their own.
        if (protocolType !== CONSUMER) break;
        for (const [topic, partitions] of decodeAssignment(memberAssignment)) {
          for (const partition of partitions)
            owners.set(`${topic}/${partition}`, `${clientId}@${clientHost.replace('/', '')}`);
        }
      }
      const positions = await this.#positions(coordinator, group, owners);
      if (members.length === 0 && positions.length === 0) throw new GroupUnknown(group);
      return { group, state, members: members.length, positions };
    });
  }

  /**
   * Has a group go on elsewhere in a partition: it must be stopped, or stand still there because the log does not have its
   * offset; a member that stands still goes on within `decisionPollMs`.
   *
   * @returns Where the group was to go on before, and where it goes on now.
   * @throws {TopicUnknown | PartitionUnknown | GroupUnknown | GroupAtWork}
   * @throws {OffsetOutOfRange} `to` is an offset that the log does not have.
   */
  async seek(
    group: string,
    topic: string,
    partition: number,
    to: SeekTo,
  ): Promise<{ readonly from: number | undefined; readonly to: number }> {
    const [{ startOffset, endOffset }, before, members] = await this.#retry('find offsets', async () => [
      await positionOf(this.#link, topic, partition),
      await committedOf(this.#link, group, topic, partition),
      (await groupOf(await this.#link.coordinator(group), group)).members.length,
    ]);
    const offset = to === 'earliest' ? startOffset : to === 'latest' ? endOffset : to;
    const isInRange = (one: number): boolean => one >= startOffset && one <= endOffset;
    if (!isInRange(offset)) throw new OffsetOutOfRange(topic, partition, offset, startOffset, endOffset);
    if (members === 0) await this.describeGroup(group);
    else if (before?.isSought !== true && (before === undefined || isInRange(before.offset)))
      throw new GroupAtWork(group, topic, partition, members);
    await seekGroup({ group, topic, partition, offset }, this.#link, this.#context);
    return { from: before?.offset, to: offset };
  }

  /** Each topic as it is, `undefined` where it has not been made. */
  async describeTopics(names: readonly string[]): Promise<readonly (TopicDescription | undefined)[]> {
    return this.#retry('describe topics', async () => {
      const found: (TopicDescription | undefined)[] = [];
      // One after the other: while one is asked for that is not there, kafkajs learns of none.
      for (const name of names) found.push(await ifThere(describeTopic(name, this.#link)));
      return found;
    });
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  async #positions(
    coordinator: Broker,
    group: string,
    owners: ReadonlyMap<string, string>,
  ): Promise<readonly GroupPosition[]> {
    // An empty list asks for all that the group has committed.
    const { responses } = await coordinator.offsetFetch({ groupId: group, topics: [] });
    const committed = new Map(
      responses.flatMap(({ topic, partitions }) =>
        partitions.map((one) => [`${topic}/${one.partition}`, one] as const),
      ),
    );
    const names = new Set([...committed.keys(), ...owners.keys()]);
    const topics = new Set([...names].map((name) => name.slice(0, name.lastIndexOf('/'))));
    const all: PartitionPosition[] = [];
    for (const topic of [...topics].sort())
      all.push(...((await ifThere(positionsOf(this.#link, topic))) ?? []));
    return all
      .filter(({ topic, partition }) => names.has(`${topic}/${partition}`))
      .map(({ topic, partition, startOffset, endOffset }) => {
        const found = committed.get(`${topic}/${partition}`);
        const offset = found === undefined || Number(found.offset) < 0 ? undefined : Number(found.offset);
        const isInRange = offset === undefined || (offset >= startOffset && offset <= endOffset);
        const state =
          offset === undefined
            ? 'new'
            : !isInRange
              ? 'outOfRange'
              : found?.metadata === SOUGHT
                ? 'sought'
                : 'reading';
        return {
          ...{ topic, partition, committed: offset, startOffset, endOffset, state },
          lag: Math.max(0, endOffset - Math.max(offset ?? startOffset, startOffset)),
          owner: owners.get(`${topic}/${partition}`),
        };
      });
  }

  #retry<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.#link.retry(what, this.#context.settings.connectTimeoutMs, work);
  }
}

async function groupOf(coordinator: Broker, group: string) {
  return (await coordinator.describeGroups({ groupIds: [group] })).groups[0]!;
}

/** What is asked of a topic, or nothing where it has been deleted, or not been made. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TopicUnknown) return undefined;
    throw error;
  }
}
