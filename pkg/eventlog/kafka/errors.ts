import { TradewindError } from '../../runtime/errors.ts';

/**
 * No broker answered in time; the same call may succeed later.
 *
 * @remedy See that the brokers run and can be reached at the addresses they advertise.
 */
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

/**
 * Brokers were reached, but would not let us in: user, password, mechanism or certificate.
 *
 * @remedy Correct user, password, mechanism or certificates in the settings.
 */
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

/** The file of the certificate authorities to trust cannot be used. */
export class CertificateUnusable extends TradewindError {
  readonly code = 'CertificateUnusable';
  readonly kind = 'usage';

  constructor(path: string, why: string, cause: unknown) {
    super({ message: `file must hold PEM certificates, '${path}': ${why}`, facts: { path }, cause });
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
 *
 * @remedy Nothing: the process starts again from its snapshot and readers drop duplicates.
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

/** An operator named a group that Kafka does not know: it has neither members nor offsets. */
export class GroupUnknown extends TradewindError {
  readonly code = 'GroupUnknown';
  readonly kind = 'notFound';

  constructor(group: string) {
    super({ message: `group must have members or offsets, '${group}' has none`, facts: { group } });
  }
}

/** An operator wanted to move a group that is at work: its next commit would undo that. */
export class GroupAtWork extends TradewindError {
  readonly code = 'GroupAtWork';
  readonly kind = 'precondition';

  constructor(group: string, topic: string, partition: number, members: number) {
    super({
      message: `group ${group} must be stopped, or stand still at ${topic}/${partition}, to be moved; it has ${members} members at work there`,
      facts: { group, topic, partition, members },
    });
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
