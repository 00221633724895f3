/**
 * Serves an artifact on a free port, as `up` and `serve` do: Open Inference Protocol and `tradewind.v1.PredictionService`. Its answers
 * to given features are never found in the cache: the clock of the store passes the time to live between any two looks.
 *
 * `serving-server.ts ARTIFACT` prints the port and ends when its standard input does.
 */
import { Registry } from 'prom-client';

import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import { FileModelRepository } from '../../pkg/inference/repository.ts';
import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import { registerPredictionService } from '../../pkg/prediction/grpc/prediction-grpc.ts';
import { ModelDirectory } from '../../pkg/prediction/model-directory.ts';
import { DEFAULT_OVERLAY } from '../../pkg/prediction/overlay.ts';
import { toPredictionModel } from '../../pkg/prediction/models/served-model-adapter.ts';
import { PredictionService } from '../../pkg/prediction/service.ts';
import { createRpcServer } from '../../pkg/rpc/server.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';

const CACHE_TTL_SECONDS = 1;

const repository = new FileModelRepository();
const { served, manifest } = repository.loaded(await repository.add(process.argv[2]!))!;
const models = new ModelDirectory();
models.put(toPredictionModel(served, manifest!));

let looks = 0;
const store = new MemoryOnlineStore({
  clock: { ...systemClock, monotonicMs: () => (looks += 1) * CACHE_TTL_SECONDS * 1000 },
});
const { featureSet, features } = manifest!.contract;
const service = new PredictionService({
  ...{ models, store, clock: systemClock },
  settings: {
    ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 10_000, cacheTtlSeconds: CACHE_TTL_SECONDS },
    ...{ maxInFlight: 1024, featureSet, featureNames: features },
  },
});

const server = createRpcServer({ port: 0, metrics: new Registry() });
registerOip(server, repository);
registerPredictionService(server, service);
process.stdout.write(`${await server.start()}\n`);
process.stdin.resume().once('end', () => void server.stop(1000).then(() => repository.close()));
