/** Connections that the policies of the chart allow in this release, and that the processes keep open. */
export const EDGES = [
  'collector kafka:9092',
  'controller kube-apiserver:443',
  'features kafka:9092',
  'features redis:6379',
  'gateway kafka:9092',
  'gateway kube-apiserver:443',
  'gateway redis:6379',
  'gateway tradewind-predictor:8001',
  'recorder clickhouse:8123',
  'recorder kafka:9092',
];
/** Others that are allowed, and open for a moment only. */
export const SHORT_EDGES = new Set(['controller gateway:8080', 'controller tradewind-predictor:8080']);
/** What the processes of Tradewind listen on, used or not. */
export const PORTS = {
  ...{ collector: [8080], controller: [8080], features: [8080], gateway: [8080, 50051], recorder: [8080] },
  'tradewind-predictor': [8001, 8080],
};
/** And what they talk to. */
export const SERVER_PORTS = {
  clickhouse: [8123],
  kafka: [9092, 9093],
  redis: [6379],
  'kube-apiserver': [443],
};
/** Pods of nobody, in the namespace of the release and in another. What they ask of the API server is not for policies of the release to say. */
export const NEIGHBOUR_EDGES = [
  'neighbour gateway:50051',
  'neighbour gateway:8080',
  'neighbour kube-apiserver:443',
];
export const STRANGER_EDGES = ['stranger kube-apiserver:443'];
