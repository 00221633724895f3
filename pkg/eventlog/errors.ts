import { TradewindError } from '../runtime/errors.ts';

/**
 * A topic was named that has not been made.
 *
 * @remedy Make the topics: `tradewind topics apply`.
 */
export class TopicUnknown extends TradewindError {
  readonly code = 'TopicUnknown';
  readonly kind = 'notFound';

  constructor(topic: string) {
    super({ message: `topic must have been made, was '${topic}'`, facts: { topic } });
  }
}

/** A partition was named that its topic does not have. */
export class PartitionUnknown extends TradewindError {
  readonly code = 'PartitionUnknown';
  readonly kind = 'notFound';

  constructor(topic: string, partition: number, partitions: number) {
    super({
      message: `partition of ${topic} must be in [0, ${partitions}), was ${partition}`,
      facts: { topic, partition, partitions },
    });
  }
}

/** A topic was asked for with a setting that no log takes. */
export class TopicInvalid extends TradewindError {
  readonly code = 'TopicInvalid';
  readonly kind = 'usage';

  constructor(topic: string, setting: string, must: string, was: string | number) {
    super({
      message: `${setting} of topic '${topic}' must be ${must}, was '${was}'`,
      facts: { topic, setting, was },
    });
  }
}

/**
 * A topic exists with other settings than wanted.
 *
 * @remedy Set the topic as the message says, or the configuration as the topic is; `tradewind topics describe` shows both.
 */
export class TopicMismatch extends TradewindError {
  readonly code = 'TopicMismatch';
  readonly kind = 'precondition';

  constructor(topic: string, setting: string, want: string | number, have: string | number) {
    super({
      message: `topic ${topic} must have ${setting} ${want}, has ${have}`,
      facts: { topic, setting, want, have },
    });
  }
}

/** A record's value is longer than every log takes. */
export class RecordTooLarge extends TradewindError {
  readonly code = 'RecordTooLarge';
  readonly kind = 'data';

  constructor(topic: string, key: string, bytes: number, maxBytes: number) {
    super({
      message: `value of a record of ${topic} must be at most ${maxBytes} bytes, was ${bytes} under key '${key}'`,
      facts: { topic, key, bytes, maxBytes },
    });
  }
}

/**
 * An offset lies outside of what the log still has; nothing is skipped without an operator.
 *
 * @remedy Records are gone unread: decide where to go on, with `tradewind topics seek` (see the operations guide).
 */
export class OffsetOutOfRange extends TradewindError {
  readonly code = 'OffsetOutOfRange';
  readonly kind = 'precondition';

  constructor(topic: string, partition: number, offset: number, start: number, end: number) {
    super({
      message: `offset of ${topic}/${partition} must be in [${start}, ${end}], was ${offset}`,
      facts: { topic, partition, offset, start, end },
    });
  }
}

/** The log has been closed. */
export class LogClosed extends TradewindError {
  readonly code = 'LogClosed';
  readonly kind = 'precondition';

  constructor() {
    super({ message: 'the log must be open, was closed' });
  }
}

/** A consumer did not finish its batch in time. */
export class ConsumerStopTimeout extends TradewindError {
  readonly code = 'ConsumerStopTimeout';
  readonly kind = 'deadline';

  constructor(group: string, deadlineMs: number) {
    super({
      message: `consumer of ${group} must stop within ${deadlineMs} ms, did not`,
      facts: { group, deadlineMs },
    });
  }
}
