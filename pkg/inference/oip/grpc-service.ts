import {
  GRPCInferenceService,
  type RepositoryModelLoadRequest,
  type RepositoryModelUnloadRequest,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import type { RpcServer } from '../../rpc/server.ts';
import type { RawImplementation, ServiceImplementation } from '../../rpc/service-types.ts';
import type { CallContext } from '../../rpc/call-context.ts';
import { systemClock } from '../../runtime/clock.ts';
import { VERSION } from '../../runtime/version.ts';
import { parseTraceparent } from '../../tracing/trace-context.ts';
import type { Tracer } from '../../tracing/tracer.ts';
import type { ModelRepository, TensorSignature } from '../served-model.ts';
import { InferEngine } from './infer-engine.ts';
import { DEFAULT_MAX_ROWS, findModel } from './inference.ts';
import { EXTENSIONS, isAnyReady, isModelReady, PLATFORM, readyVersions, SERVER_NAME } from './metadata.ts';
import { streamInfer } from './stream-infer.ts';

/** Options of {@link registerOip}. */
export interface OipOptions {
  /** Most rows of one request. */
  readonly maxRows?: number;
  /** Absent where tracing is off. */
  readonly tracer?: Tracer;
}

type OnMessages = Omit<ServiceImplementation<typeof GRPCInferenceService>, 'modelInfer' | 'modelStreamInfer'>;

/** Adds the Open Inference Protocol v2 over the models of a repository to a server, complete. @returns What infers. */
export function registerOip(
  server: RpcServer,
  repository: ModelRepository,
  options: OipOptions = {},
): Pick<InferEngine, 'inFlight'> {
  const { maxRows = DEFAULT_MAX_ROWS, tracer } = options;
  const engine = new InferEngine(repository, maxRows, systemClock, tracer);
  const onBytes = {
    modelInfer: (request, context, done) => {
      const traceparent = tracer === undefined ? undefined : callersTrace(context);
      engine.infer(request, done, context.remainingMs(), traceparent);
    },
    modelStreamInfer: streamInfer(engine),
  } satisfies RawImplementation<typeof GRPCInferenceService>;
  server.addService(GRPCInferenceService, onMessages(repository), onBytes);
  return engine;
}

/** Place in the caller's trace; its call is an example of what the trace shows, where that is recorded. */
function callersTrace(context: CallContext): string | undefined {
  const { traceparent } = context;
  const trace = parseTraceparent(traceparent);
  if (trace?.isSampled === true) context.traceId = trace.traceId;
  return traceparent;
}

function onMessages(repository: ModelRepository): OnMessages {
  return {
    serverLive: () => ({ live: true }),
    serverReady: () => ({ ready: isAnyReady(repository) }),
    modelReady: ({ name, version }) => ({ ready: isModelReady(repository, name, version) }),
    serverMetadata: () => ({ name: SERVER_NAME, version: VERSION, extensions: [...EXTENSIONS] }),
    modelMetadata: ({ name, version }) => {
      const model = findModel(repository, name, version);
      return {
        name: model.name,
        versions: [...readyVersions(repository, model)],
        platform: PLATFORM,
        inputs: model.inputs.map(signatureMessage),
        outputs: model.outputs.map(signatureMessage),
      };
    },
    repositoryIndex: ({ ready }) => ({
      models: repository.index().filter((entry) => !ready || entry.state === 'READY'),
    }),
    repositoryModelLoad: async (request) => {
      const name = modelNameOf(request);
      await repository.load(name);
      return { modelName: name, isLoaded: true };
    },
    repositoryModelUnload: async (request) => {
      const name = modelNameOf(request);
      await repository.unload(name);
      return { modelName: name, isUnloaded: true };
    },
  };
}

/** One dialect sends the model's name as field 2, the other as field 1, which the first one calls the repository's. */
function modelNameOf(request: RepositoryModelLoadRequest | RepositoryModelUnloadRequest): string {
  return request.modelName === '' ? request.repositoryName : request.modelName;
}

function signatureMessage({ name, datatype, shape }: TensorSignature) {
  return { name, datatype, shape: shape.map(BigInt) };
}
