import { TradewindError } from '../runtime/errors.ts';

/** A topic was named that has not been made. */
export class TopicUnknown extends TradewindError {
  readonly code = 'TopicUnknown';
  readonly kind = 'notFound';

  constructor(topic: string) {
    super({ message: `topic must have been made, was '${topic}'`, facts: { topic } });
  }
}

/** A topic exists with other settings than wanted. */
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

/** An offset lies outside of what the log still has; nothing is skipped without an operator. */
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
