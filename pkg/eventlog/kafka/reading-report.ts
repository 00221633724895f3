import type { OffsetOutOfRange } from '../errors.ts';
import type { PartitionAssignment } from '../event-log.ts';
import type { LinkContext } from './link.ts';

/** Tells log and observer how the partitions of one consumer fare. */
export class ReadingReport {
  readonly #group: string;
  readonly #context: LinkContext;

  constructor(group: string, context: LinkContext) {
    this.#group = group;
    this.#context = context;
  }

  /** Told of each offset that the log does not have. */
  outOfRange(error: OffsetOutOfRange): void {
    const { logger, observer } = this.#context;
    logger.error({ group: this.#group, code: error.code, ...error.facts }, 'offset is out of range');
    observer.onOutOfRange?.(this.#group, error);
  }

  /** Told when a partition begins to wait for an operator. */
  stands(assignment: PartitionAssignment): void {
    const { logger, observer } = this.#context;
    logger.error(
      { group: this.#group, ...assignment },
      'partition stands still until an operator decides: tradewind topics seek',
    );
    observer.onStanding?.(this.#group, assignment, true);
  }

  /** Told when it goes on. @param offset - `undefined` where it is given up undecided. */
  goesOn(assignment: PartitionAssignment, offset: number | undefined): void {
    const { logger, observer } = this.#context;
    if (offset !== undefined)
      logger.warn({ group: this.#group, ...assignment, offset }, 'partition goes on where an operator says');
    observer.onStanding?.(this.#group, assignment, false);
  }

  /** Told of each answer and each commit. @param records - `undefined` at the end. */
  lag(assignment: PartitionAssignment, records: number | undefined): void {
    this.#context.observer.onLag?.(this.#group, assignment, records);
  }
}
