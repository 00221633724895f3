/** The parts of a kafkajs error that decide what to do; messages are for people only. */
interface ClientError {
  readonly name: string;
  /** Name of the protocol's error, e.g. `NOT_LEADER_FOR_PARTITION`. */
  readonly type?: string;
  /** Of sockets: `ECONNREFUSED` and so on; of the protocol: a number. */
  readonly code?: string | number;
  readonly retriable?: boolean;
}

/** Names of the errors of sockets and of requests that got no answer. */
const CONNECTION = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNoBrokerAvailableError',
]);
/** What sockets say when nobody is there, or not yet; everything else that a handshake may say is a wrong set-up. */
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** Transient, though kafkajs does not mark them so. */
const TRANSIENT = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

/** The error beneath kafkajs's own retries; of several, the first. */
function rootOf(error: unknown): ClientError {
  let root = error;
  for (let next = root; next instanceof Error; ) {
    root = next;
    next = next.cause ?? (next as { readonly errors?: readonly unknown[] }).errors?.[0];
  }
  return root as ClientError;
}

/** Name of the protocol's error, or `undefined` where brokers did not say anything. */
export function protocolError(error: unknown): string | undefined {
  return rootOf(error).type;
}

/** Whether a broker that we are connected to gave no answer in time: the connection is of no use any longer. */
export function isUnanswered(error: unknown): boolean {
  const root = rootOf(error);
  return root.name === 'KafkaJSRequestTimeoutError' || isHandshakeUnanswered(root);
}

/** The one plain error of kafkajs: TCP is up, the handshake had no answer, and it goes on as if it were connected. */
function isHandshakeUnanswered({ name, type, code }: ClientError): boolean {
  return name === 'Error' && type === undefined && code === undefined;
}

/** Whether the same request can succeed later: brokers restart, leaders move, requests get lost. */
export function isTransient(error: unknown): boolean {
  const root = rootOf(error);
  if (isHandshakeRefused(error)) return false;
  if (CONNECTION.has(root.name) || isHandshakeUnanswered(root)) return true;
  if (root.type !== undefined) return TRANSIENT.has(root.type) || root.retriable === true;
  return root.name.startsWith('KafkaJS') && root.name !== 'KafkaJSNonRetriableError';
}

/** Whether brokers would not let us in: wrong user or password, wrong certificate, or no TLS where it is asked for. */
export function isHandshakeRefused(error: unknown): boolean {
  const root = rootOf(error);
  if (root.name.startsWith('KafkaJSSASL') || root.type === 'SASL_AUTHENTICATION_FAILED') return true;
  if (root.type === 'UNSUPPORTED_SASL_MECHANISM' || root.type === 'ILLEGAL_SASL_STATE') return true;
  return root.name === 'KafkaJSConnectionError' && typeof root.code === 'string' && !AWAY.has(root.code);
}
