import { TradewindError } from '../../runtime/errors.ts';

/** No broker answered in time; the same call may succeed later. */
export class KafkaUnavailable extends TradewindError {
  readonly code = 'KafkaUnavailable';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(brokers: readonly string[], waitedMs: number, cause: unknown) {
    super({
      message: `a Kafka broker of ${brokers.join(', ')} must answer within ${waitedMs} ms, did not: ${textOf(cause)}`,
      facts: { brokers: brokers.join(','), waitedMs },
      cause,
    });
  }
}

/** Brokers were reached, but would not let us in: user, password, mechanism or certificate. */
export class KafkaAuthenticationFailed extends TradewindError {
  readonly code = 'KafkaAuthenticationFailed';
  readonly kind = 'usage';

  constructor(brokers: readonly string[], cause: unknown) {
    super({
      message: `Kafka at ${brokers.join(', ')} must accept our certificate authority, user and password, did not: ${textOf(cause)}`,
      facts: { brokers: brokers.join(',') },
      cause,
    });
  }
}

/** Kafka refused a request in a way that no retry mends: an authorization, a quota, a setting that it does not take. */
export class KafkaRefused extends TradewindError {
  readonly code = 'KafkaRefused';
  readonly kind = 'precondition';

  constructor(what: string, reason: string, cause: unknown) {
    super({
      message: `Kafka must accept to ${what}, refused: ${reason}`,
      facts: { what, reason },
      cause,
    });
  }
}

/**
 * An append was given up: its records may be in the log, in part or whole, or not at all. Sending them again is safe
 * where readers drop duplicates.
 */
export class AppendUncertain extends TradewindError {
  readonly code = 'AppendUncertain';
  readonly kind = 'unavailable';

  constructor(topic: string, partition: number, records: number, cause: unknown) {
    super({
      message: `${records} records of ${topic}/${partition} must be acknowledged by Kafka, were not: ${textOf(cause)}`,
      facts: { topic, partition, records },
      cause,
    });
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
