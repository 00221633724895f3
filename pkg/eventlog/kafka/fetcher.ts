import { Pace } from '../../runtime/pace.ts';
import { isTransient, protocolError } from './client-errors.ts';
import { KafkaRefused } from './errors.ts';
import { fetchFrom } from './fetch.ts';
import { Link, type LinkContext } from './link.ts';
import type { Reading } from './reading.ts';

/** Time that a broker waits for a first record; a partition that is assigned meanwhile waits as long. */
const WAIT_MS = 250;
const PAUSE_MS = 100;

/** Fetches for the readings of one consumer: one request at a time to each broker that leads some of them. */
export class Fetcher {
  readonly #readings: () => readonly Reading[];
  readonly #failed: (error: unknown) => void;
  readonly #context: LinkContext;
  readonly #link: Link;
  /** Broker that leads the partition, as far as is known. */
  readonly #leaders = new WeakMap<Reading, number>();
  readonly #loops = new Map<number, Promise<void>>();
  #woken = Promise.withResolvers<void>();
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();

  /** @param failed - Told of what no retry mends. */
  constructor(readings: () => readonly Reading[], failed: (error: unknown) => void, context: LinkContext) {
    this.#readings = readings;
    this.#failed = failed;
    this.#context = context;
    this.#link = new Link(context);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Looks again at who wants what. */
  wake(): void {
    this.#woken.resolve();
    this.#woken = Promise.withResolvers();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.wake();
    await this.#link.close();
    await Promise.all([this.#running, ...this.#loops.values()]);
  }

  /** Finds leaders for readings that have none, and sees that each leader is asked. */
  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const { promise: woken } = this.#woken;
      let isComplete = true;
      for (const reading of this.#readings()) {
        if (this.#leaders.has(reading)) continue;
        const leader = await this.#leaderOf(reading);
        if (leader === undefined) isComplete = false;
        else {
          this.#leaders.set(reading, leader);
          if (!this.#loops.has(leader)) this.#loops.set(leader, this.#serve(leader));
          // Its loop may have looked before it had this one.
          this.wake();
        }
      }
      await (isComplete ? woken : this.#pause());
    }
  }

  async #leaderOf({ assignment: { topic, partition } }: Reading): Promise<number | undefined> {
    try {
      return await this.#link.leaderOf(topic, partition);
    } catch (error) {
      await this.#mend(error);
      return undefined;
    }
  }

  /** Asks one broker for as long as it leads anything. */
  async #serve(node: number): Promise<void> {
    const { settings, clock } = this.#context;
    const pace = new Pace(settings.paceMs, clock);
    while (!this.#isClosed) {
      const { promise: woken } = this.#woken;
      const led = this.#ledBy(node);
      if (led.length === 0) break;
      if (!led.some(isWanting)) {
        await woken;
        continue;
      }
      await pace.next();
      // Meanwhile others may want something, and those that did may be gone.
      const wanting = this.#ledBy(node).filter(isWanting);
      if (wanting.length > 0 && !this.#isClosed) await this.#fetch(node, wanting);
    }
    this.#loops.delete(node);
    // A reading may have come to this broker between the last look and here.
    this.wake();
  }

  #ledBy(node: number): readonly Reading[] {
    return this.#readings().filter((reading) => this.#leaders.get(reading) === node);
  }

  async #fetch(node: number, readings: readonly Reading[]): Promise<void> {
    const asked = readings.map((reading) => ({ reading, ...reading.assignment, offset: reading.wanted! }));
    const find = (topic: string, partition: number) =>
      asked.find((one) => one.topic === topic && one.partition === partition);
    try {
      const broker = await this.#link.broker(node);
      for (const fetched of await fetchFrom(broker, asked, WAIT_MS)) {
        const one = find(fetched.topic, fetched.partition);
        one?.reading.give(one.offset, fetched);
      }
    } catch (error) {
      if (this.#isClosed) return;
      if (protocolError(error) === 'OFFSET_OUT_OF_RANGE') {
        const { topic, partition } = error as { readonly topic: string; readonly partition: number };
        const one = find(topic, partition);
        one?.reading.noteOutOfRange(one.offset);
        return;
      }
      for (const reading of readings) this.#leaders.delete(reading);
      await this.#mend(error);
    }
  }

  async #mend(error: unknown): Promise<void> {
    if (this.#isClosed) return;
    const type = protocolError(error);
    if (!isTransient(error)) {
      this.#failed(type === undefined ? error : new KafkaRefused('read', type, error));
    }
    this.#context.logger.debug({ error: String(error) }, 'kafka fetch failed, trying again');
    await this.#pause();
    await this.#link.recover(error);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

const isWanting = ({ wanted }: Reading): boolean => wanted !== undefined;
