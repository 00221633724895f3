import { setTimeout as sleep } from 'node:timers/promises';

import {
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim,
  type Partitions,
  PROTOCOL,
  spread,
} from './assignor.ts';
import { TopicUnknown } from '../errors.ts';
import { isTransient, protocolError } from './client-errors.ts';
import { KafkaRefused } from './errors.ts';
import { Link, type LinkContext } from './link.ts';
import { Session, whileBeating } from './session.ts';

const PAUSE_MS = 100;
/** The group does not know us any longer, or not as we were: what we owned may have other owners. */
const FENCED = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);
const REBALANCING = 'REBALANCE_IN_PROGRESS';

/** What a member does with what the group gives it. */
export interface MemberDuties {
  /** Partitions owned now, for the next claim. */
  owned(): Partitions;
  /** Starts what is new; stops what is missing and resolves when its effects have ended. @returns Whether anything was given up. */
  assigned(partitions: Partitions, generation: number): Promise<boolean>;
  /** The group has forgotten this member: nothing may be written or committed under what it owned. */
  lost(): void;
  /** The member cannot go on. */
  failed(error: unknown): void;
}

/**
 * Membership in a consumer group, from joining to leaving: kafkajs encodes the requests, when to send which is decided
 * here. Signs of life go out on their own, whatever handlers do; who has shown none for the session time-out counts
 * itself out before the group can give its partitions to others.
 */
export class Membership {
  readonly #group: string;
  readonly #topics: readonly string[];
  readonly #duties: MemberDuties;
  readonly #context: LinkContext;
  readonly #link: Link;
  /** For signs of life while a join waits for others, and its link with it. */
  readonly #pulse: Link;
  readonly #session: Session;
  #memberId = '';
  #generation = -1;
  #isLeaving = false;
  #wake: () => void = () => undefined;
  #settled = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();

  constructor(group: string, topics: readonly string[], duties: MemberDuties, context: LinkContext) {
    this.#group = group;
    this.#topics = topics;
    this.#duties = duties;
    this.#context = context;
    this.#link = new Link(context);
    this.#pulse = new Link(context);
    const { settings, clock } = context;
    this.#session = new Session(settings.sessionTimeoutMs, clock, () =>
      this.#lose('no answer within the session time-out'),
    );
  }

  start(): void {
    this.#running = this.#run();
  }

  /** As whom to commit. */
  get identity(): {
    readonly groupId: string;
    readonly memberId: string;
    readonly groupGenerationId: number;
  } {
    return { groupId: this.#group, memberId: this.#memberId, groupGenerationId: this.#generation };
  }

  /** Whether what is owned is still ours, by the clock; where it may not be, `lost` has been called. */
  isCurrent(): boolean {
    return this.#session.isCurrent();
  }

  /** Resolves when the rebalance under way has ended, or a pause has passed. */
  async settled(): Promise<void> {
    await Promise.race([this.#settled.promise, sleep(PAUSE_MS)]);
  }

  /** Leaves the group at once, so that others need not wait for the session to time out. */
  async leave(through: Link): Promise<void> {
    this.#isLeaving = true;
    this.#wake();
    // A first join that is under way knows no member to leave as; it ends within a heartbeat of the others.
    if (this.#memberId === '')
      await Promise.race([this.#running, sleep(this.#context.settings.sessionTimeoutMs)]);
    const { groupId, memberId } = this.identity;
    if (memberId !== '') {
      await through
        .coordinator(groupId)
        .then((coordinator) => coordinator.leaveGroup({ groupId, memberId }))
        // Where nobody answers, the session times out instead.
        .catch((error: unknown) =>
          this.#context.logger.debug({ error: String(error) }, 'left without a word'),
        );
    }
    await Promise.all([this.#link.close(), this.#pulse.close()]);
    await this.#running;
    this.#session.stop();
  }

  async #run(): Promise<void> {
    while (!this.#isLeaving) {
      try {
        const partitions = await whileBeating(this.#join(), this.#context.settings.heartbeatMs, () =>
          this.#pulseOnce(),
        );
        this.#settled.resolve();
        this.#settled = Promise.withResolvers();
        await this.#stay(this.#duties.assigned(partitions, this.#generation));
      } catch (error) {
        if (this.#isLeaving || !(await this.#mend(error))) return;
      }
    }
  }

  async #join(): Promise<Partitions> {
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.#context.settings;
    const groupId = this.#group;
    const coordinator = await this.#link.coordinator(groupId);
    const metadata = encodeClaim({
      topics: this.#topics,
      owned: this.#duties.owned(),
      generation: this.#generation,
    });
    const joined = await coordinator.joinGroup({
      groupId,
      memberId: this.#memberId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      groupProtocols: [{ name: PROTOCOL, metadata }],
    });
    const { memberId, generationId, leaderId, members } = joined;
    this.#memberId = memberId;
    const sentMs = this.#context.clock.monotonicMs();
    const groupAssignment = leaderId === memberId ? await this.#assign(members) : [];
    const synced = await coordinator.syncGroup({ groupId, memberId, generationId, groupAssignment });
    this.#generation = generationId;
    this.#session.touch(sentMs);
    return decodeAssignment(synced.memberAssignment);
  }

  /** The leader's part. */
  async #assign(
    members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[],
  ): Promise<readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]> {
    const claims = members.map(({ memberId, memberMetadata }) => decodeClaim(memberId, memberMetadata));
    const counts = new Map<string, number>();
    for (const topic of new Set(claims.flatMap(({ topics }) => topics)))
      counts.set(topic, (await this.#link.partitions(topic)).length);
    return [...spread(claims, counts)].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: encodeAssignment(partitions),
    }));
  }

  /** Shows signs of life until there is a reason to join again: something was given up, or the group rebalances. */
  async #stay(applying: Promise<boolean>): Promise<void> {
    const { settings } = this.#context;
    let gaveUp: boolean | undefined;
    void applying.then((outcome) => {
      gaveUp = outcome;
      if (outcome) this.#wake();
    });
    let isRebalancing = false;
    while (!this.#isLeaving) {
      await this.#pause(settings.heartbeatMs);
      if (this.#isLeaving || gaveUp === true || (isRebalancing && gaveUp === false)) return;
      try {
        isRebalancing ||= await this.#beat(this.#link);
      } catch (error) {
        if (!isTransient(error) || this.#generation < 0) throw error;
        await this.#link.recover(error);
      }
      if (isRebalancing && gaveUp === false) return;
    }
  }

  /** @returns Whether the group rebalances. */
  async #beat(link: Link): Promise<boolean> {
    const { groupId, memberId, groupGenerationId } = this.identity;
    const coordinator = await link.coordinator(groupId);
    const sentMs = this.#context.clock.monotonicMs();
    let isRebalancing = false;
    try {
      await coordinator.heartbeat({ groupId, memberId, groupGenerationId });
    } catch (error) {
      if (protocolError(error) !== REBALANCING) throw error;
      isRebalancing = true;
    }
    this.#session.touch(sentMs);
    return isRebalancing;
  }

  /** What is owned is read on while a join waits, for as long as the group answers. @returns Whether to go on. */
  async #pulseOnce(): Promise<boolean> {
    if (this.#generation < 0) return false;
    try {
      await this.#beat(this.#pulse);
    } catch (error) {
      // Whatever else it is, the join will tell.
      if (!isTransient(error)) return false;
      await this.#pulse.recover(error);
    }
    return true;
  }

  /** @returns Whether to join again. */
  async #mend(error: unknown): Promise<boolean> {
    const type = protocolError(error) ?? '';
    if (type === REBALANCING) return true;
    const isFenced = FENCED.has(type);
    if (!isFenced && !isTransient(error) && !(error instanceof TopicUnknown)) {
      this.#duties.failed(type === '' ? error : new KafkaRefused(`join ${this.#group}`, type, error));
      return false;
    }
    if (isFenced) {
      this.#lose(type);
      if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
      return true;
    }
    await this.#pause(PAUSE_MS);
    await this.#link.recover(error);
    return true;
  }

  #lose(reason: string): void {
    const { logger, observer } = this.#context;
    if (this.#generation >= 0) {
      const { silentMs } = this.#session;
      logger.warn({ group: this.#group, reason, silentMs }, 'lost the partitions of a group');
      observer.onPartitionsLost?.(this.#group);
    }
    this.#duties.lost();
    this.#generation = -1;
  }

  /** Ends early when woken. */
  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
