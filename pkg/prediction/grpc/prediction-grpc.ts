import type { MessageInitShape } from '@bufbuild/protobuf';

import {
  type ExplainResponseSchema,
  type PredictRequest,
  PredictionService as PredictionServiceDescriptor,
  type PredictStreamResponseSchema,
} from '../../../proto/gen/tradewind/v1/prediction_pb.ts';
import { TradewindError } from '../../runtime/errors.ts';
import { statusOf } from '../../rpc/status.ts';
import type { Tracer } from '../../tracing/tracer.ts';
import type { CallContext } from '../../rpc/call-context.ts';
import type { RpcServer } from '../../rpc/server.ts';
import { predictionMessage } from '../../wire/prediction.ts';
import { toInt64 } from '../../wire/integers.ts';
import { RequestInvalid } from '../errors.ts';
import { checkSymbol } from '../inputs.ts';
import type { Explanation } from '../explanation.ts';
import type { PredictionRequest, PredictionService } from '../service.ts';
import { answerConcurrently } from './answer-concurrently.ts';
import { inCallSpan } from './call-span.ts';

/** Requests of one stream that are under way at most; reading pauses beyond. */
const MAX_PER_STREAM = 256;

/** Registers `tradewind.v1.PredictionService` on a server. @param tracer - Absent where tracing is off. */
export function registerPredictionService(
  server: RpcServer,
  service: PredictionService,
  tracer?: Tracer,
): void {
  server.addService(PredictionServiceDescriptor, {
    predict: async (request, context) => ({
      prediction: predictionMessage(
        await inCallSpan(tracer, 'Predict', context, (span) =>
          service.predict(requestOf(request), context.remainingMs(), span),
        ),
      ),
    }),
    predictStream: (requests, context) =>
      answerConcurrently(
        requests,
        ({ id, request }) => answerOne(service, id, request, context, tracer),
        MAX_PER_STREAM,
      ),
    listModels: () => ({
      models: service.listModels().map((model) => ({
        name: model.name,
        version: model.version,
        digest: model.digest,
        featureSet: model.featureSet,
        featureNames: [...model.featureNames],
        memberNames: [...model.memberNames],
        state: 'READY',
        metrics: presentMetrics(model.metrics),
      })),
    }),
    explain: async ({ request }, context) => {
      if (request === undefined) throw new RequestInvalid('request must be set, was absent');
      return explanationMessage(await service.explain(requestOf(request), context.remainingMs()));
    },
  });
}

function requestOf({ model, input }: PredictRequest): PredictionRequest {
  switch (input.case) {
    case 'symbol':
      checkSymbol(input.value);
      return { model, symbol: input.value };
    case 'features':
      return { model, features: new Map(Object.entries(input.value.values)) };
    default:
      throw new RequestInvalid('request must say symbol or features, said neither');
  }
}

type StreamAnswer = MessageInitShape<typeof PredictStreamResponseSchema>;

/** A request that fails is answered with its error; the stream goes on. */
async function answerOne(
  service: PredictionService,
  id: string,
  request: PredictRequest | undefined,
  context: CallContext,
  tracer: Tracer | undefined,
): Promise<StreamAnswer> {
  try {
    if (request === undefined) throw new RequestInvalid('request must be set, was absent');
    const prediction = await inCallSpan(tracer, 'PredictStream', context, (span) =>
      service.predict(requestOf(request), context.remainingMs(), span),
    );
    return { id, result: { case: 'prediction', value: predictionMessage(prediction) } };
  } catch (error) {
    context.logUnexpected(error);
    const known = error instanceof TradewindError;
    return {
      id,
      result: {
        case: 'error',
        value: {
          code: known ? error.code : 'Internal',
          message: known ? error.message : 'the server failed to answer',
          status: statusOf(error).code,
          retryable: known && error.retryable,
        },
      },
    };
  }
}

function explanationMessage(explanation: Explanation): MessageInitShape<typeof ExplainResponseSchema> {
  const { lineage } = explanation;
  return {
    prediction: predictionMessage(explanation.prediction),
    features: explanation.features.map((feature) => ({ ...feature })),
    members: explanation.members.map((member) => ({ ...member })),
    overlay: explanation.overlay.map((step) => ({ ...step })),
    lineage: {
      ...lineage,
      featureOffset: toInt64(lineage.featureOffset),
      featureTimeUs: toInt64(lineage.featureTimeUs),
      knownTimeUs: toInt64(lineage.knownTimeUs),
    },
  };
}

function presentMetrics(metrics: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).filter((entry): entry is [string, number] => entry[1] !== null),
  );
}
