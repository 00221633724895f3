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
/** What everything listens on, used or not. */
export const PORTS = {
  ...{ clickhouse: [8123], kafka: [9092, 9093], redis: [6379], 'kube-apiserver': [443] },
  ...{ collector: [8080], controller: [8080], features: [8080], recorder: [8080], gateway: [8080, 50051] },
  'tradewind-predictor': [8001, 8080],
};
export const STRANGER = 'stranger';
/** Anybody in the cluster may call the gateways; what a pod of others may ask of the API server is not for policies of this release to say. */
export const STRANGER_EDGES = [
  'stranger gateway:50051',
  'stranger gateway:8080',
  'stranger kube-apiserver:443',
];
