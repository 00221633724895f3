/**
 * Calls per second and their latency, one row each, at 1, 8 and 32 in flight, of the ensemble that our trainer makes of simulated markets:
 * ModelInfer and ModelStreamInfer of the Open Inference Protocol, Predict of `tradewind.v1` with given features (never from the cache), and an
 * echo, which is the floor. Client and server share the machine: h2load drives unary calls, our client the stream. Targets on two cores.
 *
 * Flags: --json; --repeats N (5); --target HOST:PORT and --model NAME drive another server by its protocol alone.
 */

import { create, toBinary } from '@bufbuild/protobuf';

import {
  GRPCInferenceService,
  type ModelInferRequest,
  ModelInferRequestSchema,
} from '../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { PredictionService, PredictRequestSchema } from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { frame } from '../../pkg/rpc/transport/frame-reader.ts';
import { benchFlags } from './flags.ts';
import { trainedEnsemble } from './ensemble.ts';
import { answerBytes, findH2load, h2load } from './h2load.ts';
import { loadFigures, type LoadResult, type LoadTargets } from './load.ts';
import { report } from './report.ts';
import { type BenchServer, ECHO_PATH, startServer } from './servers.ts';
import { streamLoad } from './stream-load.ts';

const IN_FLIGHT = [1, 8, 32] as const;
const MODEL_INFER_TARGETS: Readonly<Record<(typeof IN_FLIGHT)[number], LoadTargets>> = {
  1: { callsPerSecond: 2_500 },
  8: { callsPerSecond: 6_000 },
  32: { callsPerSecond: 12_000, p99Ms: 6 },
};

const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    target: { type: 'string' },
    model: { type: 'string', default: 'direction' },
    repeats: { type: 'string', default: '5' },
  },
});

interface Case {
  readonly name: string;
  readonly targets?: LoadTargets;
  readonly results: LoadResult[];
  readonly run: () => Promise<LoadResult>;
}

/** One row of zeros in the form that the model wants. */
async function inferRequest(address: string): Promise<ModelInferRequest> {
  const client = createRpcClient(GRPCInferenceService, address);
  try {
    const [input] = (await client.call.modelMetadata({ name: flags.model })).inputs;
    if (input === undefined) throw new Error('Model must have an input');
    const shape = input.shape.map((size) => (size === -1n ? 1n : size));
    const elements = Number(shape.reduce((product, size) => product * size, 1n));
    return create(ModelInferRequestSchema, {
      modelName: flags.model,
      inputs: [{ name: input.name, datatype: input.datatype, shape }],
      rawInputContents: [Buffer.from(new Float32Array(elements).buffer)],
    });
  } finally {
    client.close();
  }
}

/** Zeros by the names of the features. */
async function predictBody(address: string): Promise<Uint8Array> {
  const client = createRpcClient(PredictionService, address);
  try {
    const names = (await client.call.listModels({})).models[0]?.featureNames ?? [];
    const values = Object.fromEntries(names.map((name) => [name, 0]));
    const request = create(PredictRequestSchema, { input: { case: 'features', value: { values } } });
    return toBinary(PredictRequestSchema, request);
  } finally {
    client.close();
  }
}

const program = findH2load();

/** A method at each number of calls in flight. */
async function unaryCases(
  name: string,
  address: string,
  path: string,
  message: Uint8Array,
  targets?: typeof MODEL_INFER_TARGETS,
): Promise<readonly Case[]> {
  const call = { address, path, body: frame(message) };
  const size = await answerBytes(program, call);
  return IN_FLIGHT.map((inFlight) => ({
    name: `${name} @${inFlight}`,
    ...(targets === undefined ? {} : { targets: targets[inFlight] }),
    results: [],
    run: () => h2load(program, { ...call, inFlight, calls: 4000 + inFlight * 1000 }, size),
  }));
}

const servers: BenchServer[] = [];
/** Notes a server as one to stop. @returns Its address. */
async function started(starting: Promise<BenchServer>): Promise<string> {
  const server = await starting;
  servers.push(server);
  return server.address;
}

try {
  const cases: Case[] = [];
  const serving = flags.target ?? (await started(startServer('serving-server.ts', await trainedEnsemble())));
  const request = await inferRequest(serving);
  const oip = `/${GRPCInferenceService.typeName}`;
  const bytes = toBinary(ModelInferRequestSchema, request);
  cases.push(...(await unaryCases('ModelInfer', serving, `${oip}/ModelInfer`, bytes, MODEL_INFER_TARGETS)));
  for (const inFlight of IN_FLIGHT) {
    const load = { address: serving, request, inFlight, messages: 4000 + inFlight * 1000 };
    cases.push({ name: `ModelStreamInfer @${inFlight}`, results: [], run: () => streamLoad(load) });
  }
  if (flags.target === undefined) {
    const path = `/${PredictionService.typeName}/Predict`;
    cases.push(...(await unaryCases('Predict', serving, path, await predictBody(serving))));
    const echo = await started(startServer('echo-server.ts', 'http2'));
    cases.push(...(await unaryCases('echo', echo, ECHO_PATH, bytes)));
  }
  // The first round warms up; the rounds interleave the cases, so that a busy machine slows all of them.
  for (let round = 0; round <= Number(flags.repeats); round += 1) {
    for (const { results, run } of cases) {
      const result = await run();
      if (round > 0) results.push(result);
    }
  }
  const failed = cases.flatMap(({ results }) => results.map((result) => result.failed));
  report(
    'serving',
    [
      ...cases.flatMap(({ name, targets, results }) => loadFigures(name, results, targets)),
      {
        name: 'failed calls',
        unit: 'calls',
        values: [failed.reduce((a, b) => a + b)],
        target: { atMost: 0 },
      },
    ],
    { json: flags.json, facts: { rowsPerCall: 1, requestBytes: bytes.length } },
  );
} finally {
  for (const server of servers) await server.stop();
}
