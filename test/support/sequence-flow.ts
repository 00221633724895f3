import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Consumer, ConsumerHandler, EventLog } from '../../pkg/eventlog/event-log.ts';
import { eventually } from './eventually.ts';

const KEYS = 12;
const PARTITIONS = 6;
const BYTES = 256;
const PAUSE_MS = 5;
/** Events of a key that have had their effect before anything is done to the flow. */
const WARM = 100;
const MIB = 1024 * 1024;

/** What a flow of numbered events went through. */
export interface FlowResult {
  readonly sent: number;
  /** Appends that were given up as uncertain, and sent again. */
  readonly uncertainAppends: number;
  /** Events that were acknowledged and had no effect. */
  readonly lost: number;
  /** Events that were first handed out before one of their key that was sent earlier. */
  readonly outOfOrder: number;
  /** Events that are in the log more than once: sent again after an uncertain append. */
  readonly doubledInLog: number;
  /** Events that were handed out again: delivery is at least once. */
  readonly redelivered: number;
  /** Events that had two effects, although an effect is refused where its event had one. */
  readonly doubledInEffect: number;
  /** Longest time without an effect, seconds. */
  readonly longestPauseSeconds: number;
  /** What this process holds at the end over what it held at the start, after collections, MiB. */
  readonly heldMemoryGrowthMiB: number;
  /** Peak of its resident memory over that at the start, MiB: with what the collector has not given back. */
  readonly peakMemoryGrowthMiB: number;
}

/**
 * A producer that sends numbered events of several keys, again until they are acknowledged, and two consumers of one group
 * that share them, with an effect that is idempotent by the number, as every effect in the system is.
 */
export class SequenceFlow {
  readonly #topic = `flow-${randomUUID()}`;
  readonly #group = `g-${randomUUID()}`;
  readonly #producer: EventLog;
  readonly #readers: readonly EventLog[];
  readonly #sent = new Map<string, number>();
  /** Numbers that had an effect, by key, in the order of the effects; and the newest of them. */
  readonly #effects = new Map<string, number[]>();
  readonly #newest = new Map<string, number>();
  #outOfOrder = 0;
  #uncertainAppends = 0;
  #delivered = 0;
  #lastEffectMs = performance.now();
  #longestPauseMs = 0;
  #startHeld = 0;
  #startRss = 0;
  #peakRss = 0;
  #isStopping = false;
  #sending: Promise<void> = Promise.resolve();
  #consumers: readonly Consumer[] = [];

  constructor(producer: EventLog, readers: readonly EventLog[]) {
    this.#producer = producer;
    this.#readers = readers;
  }

  get topic(): string {
    return this.#topic;
  }

  /** Makes the topic and starts; resolves when events flow. */
  async start(): Promise<void> {
    await this.#producer.ensureTopics([{ name: this.#topic, partitions: PARTITIONS, cleanup: 'delete' }]);
    const handler: ConsumerHandler = {
      onBatch: async ({ records }) => {
        for (const { key, value } of records) this.#apply(key, Buffer.from(value!).readUInt32BE(0));
      },
    };
    const options = { group: this.#group, topics: [this.#topic] };
    this.#consumers = await Promise.all(this.#readers.map((log) => log.consume(options, handler)));
    this.#sending = this.#send();
    await eventually(
      () => this.#newest.size === KEYS && [...this.#newest.values()].every((n) => n >= WARM),
      60_000,
    );
    this.#longestPauseMs = 0;
    this.#startHeld = heldBytes();
    this.#startRss = process.memoryUsage.rss();
  }

  /** Waits until events of every key that are sent after this call have had their effect. @returns Seconds that it took. */
  async fresh(withinMs = 90_000): Promise<number> {
    const started = performance.now();
    const wanted = new Map(this.#sent);
    await eventually(
      () =>
        this.#newest.size === KEYS && [...this.#newest].every(([key, n]) => n > (wanted.get(key) ?? 0) + 1),
      withinMs,
    );
    return (performance.now() - started) / 1000;
  }

  /** Ends the producer, waits for the last effect, and counts. */
  async stop(): Promise<FlowResult> {
    this.#isStopping = true;
    await this.#sending;
    await eventually(
      () => [...this.#sent].every(([key, n]) => (this.#newest.get(key) ?? -1) >= n),
      60_000,
    ).catch(() => undefined);
    await Promise.all(this.#consumers.map((consumer) => consumer.stop(10_000)));
    const effects = [...this.#effects.values()];
    const sent = sum([...this.#sent.values()].map((last) => last + 1));
    const distinct = sum(effects.map((list) => new Set(list).size));
    return {
      sent,
      uncertainAppends: this.#uncertainAppends,
      lost: sent - distinct,
      outOfOrder: this.#outOfOrder,
      doubledInLog: (await this.#recordsInLog()) - sent,
      redelivered: this.#delivered - distinct,
      doubledInEffect: sum(effects.map((list) => list.length)) - distinct,
      longestPauseSeconds: Number((this.#longestPauseMs / 1000).toFixed(2)),
      heldMemoryGrowthMiB: mebibytes(heldBytes() - this.#startHeld),
      peakMemoryGrowthMiB: mebibytes(this.#peakRss - this.#startRss),
    };
  }

  async #send(): Promise<void> {
    for (let n = 0; !this.#isStopping; n += 1) {
      const records = Array.from({ length: KEYS }, (_, at) => {
        const value = Buffer.alloc(BYTES);
        value.writeUInt32BE(n, 0);
        return { key: `key-${at}`, value, timestampUs: n };
      });
      for (let isSent = false; !isSent; ) {
        try {
          await this.#producer.append(this.#topic, records);
          isSent = true;
        } catch (error) {
          if ((error as { readonly code?: string }).code !== 'AppendUncertain') throw error;
          this.#uncertainAppends += 1;
        }
      }
      for (const { key } of records) this.#sent.set(key, n);
      this.#peakRss = Math.max(this.#peakRss, process.memoryUsage.rss());
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** The effect, conditional on the event's identity: key and number. */
  #apply(key: string, n: number): void {
    this.#delivered += 1;
    const newest = this.#newest.get(key) ?? -1;
    if (n <= newest) return;
    if (n !== newest + 1) this.#outOfOrder += 1;
    this.#newest.set(key, n);
    const effects = this.#effects.get(key) ?? [];
    this.#effects.set(key, effects);
    effects.push(n);
    const nowMs = performance.now();
    this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#lastEffectMs);
    this.#lastEffectMs = nowMs;
  }

  async #recordsInLog(): Promise<number> {
    const positions = await this.#producer.positions(this.#topic);
    return sum(positions.map(({ startOffset, endOffset }) => endOffset - startOffset));
  }
}

const mebibytes = (bytes: number): number => Number((Math.max(0, bytes) / MIB).toFixed(1));

/** Bytes that are in use once what is garbage has been collected. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
