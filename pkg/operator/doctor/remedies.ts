/** What to do about codes of docs/reference/errors.md that processes of a cluster end with, or that models fail with. */
const REMEDIES: Readonly<Record<string, string>> = {
  AddressUnusable: 'correct http.host and grpc.host of the process',
  AccessDenied: 'correct spec.model.credentialsSecretRef, or the rights of these credentials on the store',
  ArtifactNotFound: 'correct spec.model.uri: it must name a folder with manifest.json',
  CertificateUnusable: 'mount the Secret with the CA file that the settings name',
  ConfigInvalid: 'correct the settings that the message names: docs/reference/services.md',
  ContractMismatch: 'correct spec.model.contract, or give the version that was made for it',
  DigestMismatch:
    'correct spec.model.digest, or find out who changed the artifact: `kubectl tradewind set version`',
  FileUnreadable: 'mount the file, or correct the setting that names it',
  HistoryLoginFailed: "correct user and password of ClickHouse in the process' Secret",
  HistorySchemaNewer: 'run the newer version: tables are never taken back',
  HistoryUnavailable:
    'see that ClickHouse answers at history.url, and that network policies let the recorder reach it',
  KafkaAuthenticationFailed: "correct user, password and certificates of Kafka in the process' Secret",
  KafkaRefused: "grant the process' user its rights in Kafka, or raise the quota",
  KafkaUnavailable:
    'see that the brokers run, answer at kafka.brokers and at the addresses that they advertise, and that network policies let pods reach them',
  KubeForbidden: "bind the process' account to its role: k8s/rbac.yaml, or rbac.create of the chart",
  KubeUnavailable: 'see that network policies let the pod reach the API server',
  OffsetOutOfRange: 'records are gone unread: decide where to go on with `tradewind topics seek`',
  FileAbsent: 'copy the artifact whole to where spec.model.uri points',
  FileSizeMismatch: 'copy the artifact again to where spec.model.uri points',
  SignatureInvalid: 'correct spec.model.signature, or find out who changed the artifact',
  SignatureMissing: 'sign it with `tradewind models sign`, or leave spec.model.signature out',
  SourceUnavailable:
    'see that the store answers at spec.model.uri, and that network policies let predictors reach it',
  StoreAccessDenied: "correct user and password of Redis in the process' Secret",
  StoreUnavailable: 'see that Redis answers at redis.addresses, and that network policies let pods reach it',
  TlsFileUnusable: 'mount certificate and key that belong together',
  TopicMismatch: 'set the topic as the message says, or kafka.partitions as the topic is',
  TopicUnknown: 'make the topics: `tradewind topics apply`',
};

/** The codes that have a remedy here. */
export const REMEDIED: readonly string[] = Object.keys(REMEDIES);

/** What to do about an error, or else `otherwise`. */
export const remedyOf = (code: string | undefined, otherwise: string): string =>
  (code === undefined ? undefined : REMEDIES[code]) ?? otherwise;
