import { isTransient, protocolError } from './client-errors.ts';
import { KafkaRefused } from './errors.ts';
import type { Link } from './link.ts';
import type { Membership } from './membership.ts';
import type { Reading } from './reading.ts';

/** The group is between two generations, or has gone on without us: who owns what will be clear in a moment. */
const UNSETTLED = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']);

interface Due {
  offset: number;
  readonly settled: PromiseWithResolvers<boolean>;
}

type Dues = ReadonlyMap<Reading, Due>;

/**
 * The commits of one consumer, as the member that it is at the time: a broker takes them from nobody else. One request is
 * under way at a time, and the next one has the newest offset of every partition: brokers make each wait, so that one for
 * each batch of each partition would be most of the time that a record spends here.
 */
export class Committer {
  readonly #membership: Pick<Membership, 'identity' | 'settled'>;
  readonly #link: Pick<Link, 'coordinator' | 'recover'>;
  readonly #behindMs: number;
  #due = new Map<Reading, Due>();
  #isUrgent = false;
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param behindMs - Milliseconds that `commitBehind` gathers. */
  constructor(
    membership: Pick<Membership, 'identity' | 'settled'>,
    link: Pick<Link, 'coordinator' | 'recover'>,
    behindMs: number,
  ) {
    this.#membership = membership;
    this.#link = link;
    this.#behindMs = behindMs;
  }

  /**
   * Commits at once, or with the next request where one is under way.
   *
   * @returns False where the partition is another's by now.
   * @throws {KafkaRefused} No retry mends it.
   */
  commit(reading: Reading, offset: number): Promise<boolean> {
    const done = this.#note(reading, offset);
    this.#isUrgent = true;
    void this.#run();
    return done;
  }

  /** Commits within a time. Settles as `commit` does; the offset may be overtaken by a newer one until then. */
  commitBehind(reading: Reading, offset: number): Promise<boolean> {
    const done = this.#note(reading, offset);
    if (!this.#isRunning) this.#schedule();
    return done;
  }

  #note(reading: Reading, offset: number): Promise<boolean> {
    const due = this.#due.get(reading);
    if (due !== undefined) {
      due.offset = offset;
      return due.settled.promise;
    }
    const settled = Promise.withResolvers<boolean>();
    this.#due.set(reading, { offset, settled });
    return settled.promise;
  }

  #schedule(): void {
    // What has been done is committed at the end in any case: nobody need wait for this.
    this.#timer ??= setTimeout(() => void this.#run(), this.#behindMs).unref();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // What is committed in one go travels in one request.
    await Promise.resolve();
    do {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#isUrgent = false;
      const dues = this.#due;
      this.#due = new Map();
      await this.#settle(dues);
    } while (this.#isUrgent);
    this.#isRunning = false;
    if (this.#due.size > 0) this.#schedule();
  }

  /** Never rejects: each of `dues` is told instead. */
  async #settle(dues: Dues): Promise<void> {
    try {
      const committed = await this.#send(dues);
      for (const [reading, { offset, settled }] of dues) {
        const isCommitted = committed.has(reading);
        if (isCommitted) reading.noteCommitted(offset);
        settled.resolve(isCommitted);
      }
    } catch (error) {
      for (const { settled } of dues.values()) settled.reject(error);
    }
  }

  /** Tries until the broker has them. @returns Those that were ours to commit. */
  async #send(dues: Dues): Promise<ReadonlySet<Reading>> {
    while ([...dues.keys()].some(({ isLost }) => !isLost)) {
      try {
        const { identity } = this.#membership;
        const coordinator = await this.#link.coordinator(identity.groupId);
        // Between the look at the identity and the request they may have been lost.
        const held = [...dues].filter(([reading]) => !reading.isLost);
        if (held.length === 0) break;
        await coordinator.offsetCommit({ ...identity, topics: requestOf(held) });
        return new Set(held.map(([reading]) => reading));
      } catch (error) {
        await this.#mend(error, dues);
      }
    }
    return new Set();
  }

  async #mend(error: unknown, dues: Dues): Promise<void> {
    const type = protocolError(error);
    const isUnsettled = type !== undefined && UNSETTLED.has(type);
    if (!isUnsettled && !isTransient(error)) {
      const names = [...dues.keys()].map(({ assignment: { topic, partition } }) => `${topic}/${partition}`);
      throw type === undefined ? error : new KafkaRefused(`commit ${names.join(', ')}`, type, error);
    }
    await this.#membership.settled();
    if (!isUnsettled) await this.#link.recover(error);
  }
}

function requestOf(held: readonly (readonly [Reading, Due])[]) {
  const byTopic = Map.groupBy(held, ([{ assignment }]) => assignment.topic);
  return [...byTopic].map(([topic, list]) => ({
    topic,
    partitions: list.map(([{ assignment }, { offset }]) => ({
      partition: assignment.partition,
      offset: String(offset),
    })),
  }));
}
