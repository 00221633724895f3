import type { MessageInitShape } from '@bufbuild/protobuf';

import {
  GRPCInferenceService,
  type ModelInferRequestSchema,
} from '../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { type LoadResult, summarise } from './load.ts';

export interface StreamLoad {
  readonly address: string;
  readonly request: MessageInitShape<typeof ModelInferRequestSchema>;
  readonly messages: number;
  /** Messages without an answer at once. */
  readonly inFlight: number;
}

/** Drives ModelStreamInfer with our client over one stream; latency is that of a message. Answers come in the order of the requests. */
export async function streamLoad({ address, request, messages, inFlight }: StreamLoad): Promise<LoadResult> {
  const client = createRpcClient(GRPCInferenceService, address);
  const sentMs: number[] = [];
  const durationsMs: number[] = [];
  let failed = 0;
  let goOn: (() => void) | undefined;
  async function* requests() {
    while (sentMs.length < messages) {
      while (sentMs.length - durationsMs.length - failed >= inFlight) {
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
      }
      sentMs.push(performance.now());
      yield request;
    }
  }
  try {
    for await (const { errorMessage } of client.call.modelStreamInfer(requests())) {
      if (errorMessage === '') durationsMs.push(performance.now() - sentMs[durationsMs.length + failed]!);
      else failed += 1;
      goOn?.();
    }
    return summarise(durationsMs, performance.now() - sentMs[0]!, failed);
  } finally {
    client.close();
  }
}
