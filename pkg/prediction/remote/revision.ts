import type { GRPCInferenceService } from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import type { ModelService } from '../../../proto/gen/tradewind/v1/model_pb.ts';
import { parseManifest, sha256 } from '../../artifacts/artifact.ts';
import { ContractMismatch } from '../../artifacts/errors.ts';
import type { Manifest } from '../../artifacts/manifest.ts';
import type { ServiceCalls } from '../../rpc/service-types.ts';
import { RequestWriter } from './infer-codec.ts';

/** One revision of a model, as a predictor serves it. */
export interface RemoteRevision {
  /** Name that it is served under. */
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of the manifest, computed here. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly writer: RequestWriter;
}

/**
 * Asks a predictor what it serves: the manifest, and whether the Open Inference Protocol says the same of the model.
 *
 * @param address - For messages.
 * @throws {RpcFailed} It serves none of that name, or does not answer.
 * @throws {ManifestInvalid} What it gives is no manifest.
 * @throws {ContractMismatch} The model is not ready, or is not what the manifest promises.
 */
export async function readRevision(
  address: string,
  wanted: string,
  models: ServiceCalls<typeof ModelService>,
  oip: ServiceCalls<typeof GRPCInferenceService>,
): Promise<RemoteRevision> {
  const { name, manifest: bytes } = await models.getManifest({ name: wanted });
  const manifest = parseManifest(`of predictor ${address}`, Buffer.from(bytes));
  const { version, contract } = manifest;
  const [{ ready }, metadata] = await Promise.all([
    oip.modelReady({ name, version }),
    oip.modelMetadata({ name, version }),
  ]);
  const columns = contract.features.length;
  const [input] = metadata.inputs;
  const outputs = metadata.outputs.map((output) => output.name);
  const fits =
    metadata.inputs.length === 1 &&
    input?.datatype === 'FP32' &&
    input.shape.join() === `-1,${columns}` &&
    ['probability_up', 'members'].every((output) => outputs.includes(output));
  if (!ready || !fits) {
    throw new ContractMismatch(
      `model '${name}' of predictor ${address} must be ready and take FP32 [-1, ${columns}] for probability_up and members, ` +
        `${ready ? 'is ready' : 'is not ready'} and takes ${input?.datatype ?? 'nothing'} [${input?.shape.join(', ') ?? ''}] for ${outputs.join(', ')}`,
    );
  }
  const writer = new RequestWriter({ model: name, version, input: input.name, columns });
  return { name, version, digest: sha256(bytes), manifest, writer };
}
