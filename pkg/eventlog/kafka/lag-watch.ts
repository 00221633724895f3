import type { PartitionPosition } from '../event-log.ts';
import type { Reading } from './reading.ts';

/**
 * Looks at the ends of the partitions of one consumer now and then. What stands still, or waits for a slow handler, is not
 * fetched: its lag would seem to stand still too.
 */
export class LagWatch {
  readonly #readings: () => readonly Reading[];
  readonly #positions: (topic: string) => Promise<readonly PartitionPosition[]>;
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;

  /** @param periodMs - Milliseconds between two looks. */
  constructor(
    readings: () => readonly Reading[],
    positions: (topic: string) => Promise<readonly PartitionPosition[]>,
    periodMs: number,
  ) {
    this.#readings = readings;
    this.#positions = positions;
    this.#timer = setInterval(() => void this.#look(), periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const byTopic = Map.groupBy(this.#readings(), ({ assignment }) => assignment.topic);
      for (const [topic, readings] of byTopic) {
        const positions = await this.#positions(topic);
        for (const reading of readings)
          reading.noteEnd(positions[reading.assignment.partition]?.endOffset ?? 0);
      }
    } catch {
      // Brokers that are away have their own alarms; the next look is soon.
    } finally {
      this.#isLooking = false;
    }
  }
}
