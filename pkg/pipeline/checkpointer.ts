import type { EventLog } from '../eventlog/event-log.ts';

const QUICK_LOOKS = 1000;
const SLOW_LOOK_MS = 10;

/** What a checkpoint is taken of. */
export interface CheckpointedPipeline {
  /** Makes the intake stand still at an item boundary; resolves when it does. */
  pause(): Promise<void>;
  resume(): void;
  /** Resolves when every station has taken in all that is in the log. */
  drained(): Promise<void>;
}

/**
 * Takes a consistent copy of a running pipeline: intake stands still, what is in the log runs out, `copy` is called, and
 * the intake goes on. Nothing is written to disk while it stands.
 */
export async function takeConsistently<T>(
  pipeline: CheckpointedPipeline,
  copy: () => T | Promise<T>,
): Promise<T> {
  await pipeline.pause();
  try {
    await pipeline.drained();
    return await copy();
  } finally {
    pipeline.resume();
  }
}

/** A consumer group and the topics that it reads. */
export interface GroupOfTopics {
  readonly group: string;
  readonly topics: readonly string[];
}

/**
 * Resolves when every group has committed the end of its topics, in the order of the stream.
 *
 * @param failed - Aborts when a station has failed: it will take in nothing more.
 * @throws The reason of `failed`.
 */
export async function waitUntilDrained(
  log: EventLog,
  groups: readonly GroupOfTopics[],
  failed?: AbortSignal,
): Promise<void> {
  for (let looks = 1; ; looks += 1) {
    failed?.throwIfAborted();
    if (await isDrained(log, groups)) return;
    // It mostly takes some turns of the event loop; a station that waits for a disk would be waited for at full speed.
    await new Promise((resolve) =>
      looks < QUICK_LOOKS ? setImmediate(resolve) : setTimeout(resolve, SLOW_LOOK_MS),
    );
  }
}

/** Whether every group has committed the end of its topics. */
export async function isDrained(log: EventLog, groups: readonly GroupOfTopics[]): Promise<boolean> {
  for (const { group, topics } of groups) {
    for (const topic of topics) {
      for (const { partition, startOffset, endOffset } of await log.positions(topic)) {
        const committed = (await log.committed(group, topic, partition)) ?? startOffset;
        if (committed < endOffset) return false;
      }
    }
  }
  return true;
}
