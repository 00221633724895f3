/**
 * Serves a random ensemble of 5 x 100 trees of depth 6 over 24 features, evaluated in JavaScript, on a free port; prints the
 * port. It measures the protocol with a model of realistic cost; `--target` of the bench measures any other server.
 * Ends when its standard input does.
 */
import { Registry } from 'prom-client';
import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import type { ModelRepository, ServedModel } from '../../pkg/inference/served-model.ts';
import { createRpcServer } from '../../pkg/rpc/server.ts';

const FEATURES = 24;
const TREES = 500;
const DEPTH = 6;
const INNER = 2 ** DEPTH - 1;

/** Complete trees in one array each; the tree t starts at node t * INNER, its leaves at t * 2^DEPTH. */
const feature = Uint8Array.from({ length: TREES * INNER }, (_, i) => (i * 7919) % FEATURES);
const threshold = Float32Array.from({ length: TREES * INNER }, (_, i) => Math.sin(i * 12.9898));
const leaf = Float32Array.from({ length: TREES * 2 ** DEPTH }, (_, i) => Math.sin(i * 78.233) / 100);

function probability(features: Float32Array, row: number): number {
  let margin = 0;
  for (let tree = 0; tree < TREES; tree++) {
    let node = 0;
    for (let level = 0; level < DEPTH; level++) {
      const at = tree * INNER + node;
      const value = features[row * FEATURES + (feature[at] as number)] as number;
      node = 2 * node + (value < (threshold[at] as number) ? 1 : 2);
    }
    margin += leaf[tree * 2 ** DEPTH + node - INNER] as number;
  }
  return 1 / (1 + Math.exp(-margin));
}

const model: ServedModel = {
  name: 'bench',
  version: '1',
  digest: `sha256:${'0'.repeat(64)}`,
  inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, FEATURES] }],
  outputs: [{ name: 'probability_up', datatype: 'FP32', shape: [-1] }],
  infer: () => Promise.reject(new Error('the bench drives the lean path')),
  inferRows: (features, rows, done) =>
    done(undefined, [Float32Array.from({ length: rows }, (_, row) => probability(features, row))]),
};

const repository: ModelRepository = {
  get: (name) => (name === model.name ? model : undefined),
  index: () => [{ name: model.name, version: model.version, state: 'READY', reason: '' }],
  load: async () => undefined,
  unload: async () => undefined,
};

const server = createRpcServer({ port: 0, metrics: new Registry() });
registerOip(server, repository);
process.stdout.write(`${await server.start()}\n`);
process.stdin.resume().once('end', () => void server.stop(1000));
