import type { MessageInitShape } from '@bufbuild/protobuf';

import {
  type ExplainResponseSchema,
  type PredictRequest,
  PredictionService as PredictionServiceDescriptor,
  type PredictStreamRequest,
  type PredictStreamResponseSchema,
} from '../../../proto/gen/tradewind/v1/prediction_pb.ts';
import { TradewindError } from '../../runtime/errors.ts';
import { statusOf } from '../../rpc/status.ts';
import type { RpcServer } from '../../rpc/server.ts';
import { predictionMessage } from '../../wire/prediction.ts';
import { toInt64 } from '../../wire/integers.ts';
import { RequestInvalid } from '../errors.ts';
import type { Explanation } from '../explanation.ts';
import type { PredictionRequest, PredictionService } from '../service.ts';

/** Requests of one stream that are under way at most; reading pauses beyond. */
const MAX_PER_STREAM = 256;

/** Registers `tradewind.v1.PredictionService` on a server. */
export function registerPredictionService(server: RpcServer, service: PredictionService): void {
  server.addService(PredictionServiceDescriptor, {
    predict: async (request) => ({
      prediction: predictionMessage(await service.predict(requestOf(request))),
    }),
    predictStream: (requests) => predictStream(service, requests),
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
    explain: async ({ request }) => {
      if (request === undefined) throw new RequestInvalid('request must be set, was absent');
      return explanationMessage(await service.explain(requestOf(request)));
    },
  });
}

function requestOf({ model, input }: PredictRequest): PredictionRequest {
  switch (input.case) {
    case 'symbol':
      if (input.value === '') throw new RequestInvalid('symbol must not be empty');
      return { model, symbol: input.value };
    case 'features':
      return { model, features: new Map(Object.entries(input.value.values)) };
    default:
      throw new RequestInvalid('request must say symbol or features, said neither');
  }
}

type StreamAnswer = MessageInitShape<typeof PredictStreamResponseSchema>;

/** Answers in the order in which they are ready, each with the id of its request; a failed one does not end the stream. */
async function* predictStream(
  service: PredictionService,
  requests: AsyncIterable<PredictStreamRequest>,
): AsyncGenerator<StreamAnswer> {
  const ready: StreamAnswer[] = [];
  let underWay = 0;
  let isEnded = false;
  let failure: unknown;
  let wake: () => void = () => undefined;
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const reading = (async () => {
    try {
      for await (const { id, request } of requests) {
        underWay += 1;
        void answerOne(service, id, request).then((answer) => {
          ready.push(answer);
          underWay -= 1;
          wake();
        });
        while (underWay + ready.length >= MAX_PER_STREAM)
          await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      failure = error;
    }
    isEnded = true;
    wake();
  })();
  while (!isEnded || underWay > 0 || ready.length > 0) {
    const answer = ready.shift();
    if (answer === undefined) await changed();
    else yield answer;
  }
  await reading;
  if (failure !== undefined) throw failure;
}

async function answerOne(
  service: PredictionService,
  id: string,
  request: PredictRequest | undefined,
): Promise<StreamAnswer> {
  try {
    if (request === undefined) throw new RequestInvalid('request must be set, was absent');
    const prediction = await service.predict(requestOf(request));
    return { id, result: { case: 'prediction', value: predictionMessage(prediction) } };
  } catch (error) {
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
