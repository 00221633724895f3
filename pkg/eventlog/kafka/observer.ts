import type { OffsetOutOfRange } from '../errors.ts';
import type { PartitionAssignment } from '../event-log.ts';

/** Hears what the people on call must know of; each call but `onLag` goes with a line of the log. */
export interface KafkaObserver {
  /** The log does not have the offset where a group was to go on. */
  onOutOfRange?(group: string, error: OffsetOutOfRange): void;
  /** A partition begins to stand still until an operator decides, or goes on, or goes to another member. */
  onStanding?(group: string, assignment: PartitionAssignment, isStanding: boolean): void;
  /** A group has gone on without this member. */
  onPartitionsLost?(group: string): void;
  /** An append was given up, and its producer with it. */
  onProducerDiscarded?(): void;
  /**
   * How far a group is behind the end of a partition.
   *
   * @param records - `undefined` when the partition is not this member's any longer.
   */
  onLag?(group: string, assignment: PartitionAssignment, records: number | undefined): void;
}
