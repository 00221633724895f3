import { sha256 } from '../../pkg/artifacts/artifact.ts';
import type { Manifest, NewManifest } from '../../pkg/artifacts/manifest.ts';
import { registerManifestService } from '../../pkg/inference/manifest-service.ts';
import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import type { ServedModel } from '../../pkg/inference/served-model.ts';
import { createRpcServer, type RpcServer } from '../../pkg/rpc/server.ts';

/** Inputs of the models of simulated pods. */
export const FEATURE_NAMES = ['return_1', 'volatility_20', 'bid_ask_spread'] as const;

const NAME = 'simulated';
const INPUTS = [{ name: 'features', datatype: 'FP32', shape: [-1, FEATURE_NAMES.length] }] as const;
const OUTPUTS = [
  { name: 'probability_up', datatype: 'FP32', shape: [-1, 1] },
  { name: 'members', datatype: 'FP32', shape: [-1, 1] },
] as const;
const NO_DATA = `sha256:${'0'.repeat(64)}`;
/** By digest. */
const versions = new Map<string, string>();

/** Digest of the manifest of a version that only simulated pods serve. */
export function digestOf(version: string): string {
  const digest = sha256(manifestOf(version));
  versions.set(digest, version);
  return digest;
}

/** Whether {@link digestOf} gave a digest: others belong to pods that are only said to be warm. */
export const isSimulated = (digest: string): boolean => versions.has(digest);

function manifestOf(version: string): Buffer {
  const manifest: NewManifest & Pick<Manifest, 'files'> = {
    ...{ schemaVersion: 1, name: NAME, version, codeVersion: 'test', metrics: {}, importance: {} },
    contract: {
      ...{ featureSet: 'core-v1', bar: 'time:1000', features: [...FEATURE_NAMES], optionalFeatures: [] },
      inputs: INPUTS.map(({ shape, ...input }) => ({ ...input, shape: [...shape] })),
      outputs: OUTPUTS.map(({ shape, ...output }) => ({ ...output, shape: [...shape] })),
    },
    members: [{ name: 'only', kind: 'constant' }],
    label: { kind: 'next-return', horizonBars: 1, costBps: 0 },
    training: {
      ...{ fromTimeUs: 0, toTimeUs: 1, rows: 0, symbols: ['X'], dataDigest: NO_DATA },
      ...{ seed: 1, folds: 5, embargoBars: 0 },
    },
    files: [{ path: 'model.onnx', bytes: 0, sha256: NO_DATA }],
  };
  return Buffer.from(JSON.stringify(manifest));
}

/**
 * Serves the version of a digest as a predictor does, on port 8001 of an address; its model says up and down alike.
 *
 * @param digest - One that {@link digestOf} gave.
 */
export async function startSimulatedPredictor(host: string, digest: string): Promise<RpcServer> {
  const version = versions.get(digest);
  if (version === undefined) throw new Error(`no simulated model has digest ${digest}`);
  const model: ServedModel = {
    ...{ name: NAME, version, digest, inputs: INPUTS, outputs: OUTPUTS },
    infer: () => Promise.reject(new Error('a simulated model takes rows only')),
    inferRows: (_features, rows, done) => {
      const halves = new Float32Array(rows).fill(0.5);
      done(undefined, [halves, halves]);
    },
  };
  const server = createRpcServer({ host, port: 8001 });
  const index = () => [{ name: NAME, version, state: 'READY' as const, reason: '' }];
  registerOip(server, {
    index,
    get: (name) => (name === NAME ? model : undefined),
    load: () => Promise.resolve(),
    unload: () => Promise.resolve(),
  });
  registerManifestService(server, { index, loaded: () => ({ manifestBytes: manifestOf(version) }) });
  await server.start();
  return server;
}
