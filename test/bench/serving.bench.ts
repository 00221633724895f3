/**
 * ModelInfer and ModelStreamInfer, one row per message, at 1, 8 and 32 in flight, driven by h2load on the same machine.
 *
 * Flags: --json; --target HOST:PORT and --model NAME drive a server that runs already; --repeats N (5).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  GRPCInferenceService,
  ModelInferRequestSchema,
} from '../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { frame } from '../../pkg/rpc/transport/frame-reader.ts';
import { systemTool } from '../servers/tools.ts';
import { h2load, type LoadResult } from './h2load.ts';

const SERVICE = '/inference.GRPCInferenceService';
/** Messages on one stream before the next stream is opened. */
const STREAM_MESSAGES = 1000;

interface Case {
  readonly name: string;
  readonly path: string;
  readonly calls: number;
  readonly inFlight: number;
  readonly messagesPerCall: number;
}

const CASES: readonly Case[] = [
  ...[1, 8, 32].map((inFlight): Case => {
    const calls = 4000 + inFlight * 1000;
    return { name: `unary-${inFlight}`, path: `${SERVICE}/ModelInfer`, calls, inFlight, messagesPerCall: 1 };
  }),
  {
    name: 'stream',
    path: `${SERVICE}/ModelStreamInfer`,
    calls: 40,
    inFlight: 1,
    messagesPerCall: STREAM_MESSAGES,
  },
];

/** The bytes of one request with one row of zeros, in the form that the model wants. */
async function requestBytes(address: string, name: string): Promise<Uint8Array> {
  const client = createRpcClient(GRPCInferenceService, address);
  try {
    const [input] = (await client.call.modelMetadata({ name })).inputs;
    if (input === undefined) throw new Error('Model must have an input');
    const shape = input.shape.map((size) => (size === -1n ? 1n : size));
    const elements = Number(shape.reduce((product, size) => product * size, 1n));
    const raw = Buffer.from(new Float32Array(elements).buffer);
    const inputs = [{ name: input.name, datatype: input.datatype, shape }];
    const request = create(ModelInferRequestSchema, { modelName: name, inputs, rawInputContents: [raw] });
    await client.call.modelInfer(request);
    return toBinary(ModelInferRequestSchema, request);
  } finally {
    client.close();
  }
}

/**
 * A small young generation: every stream of node:http2 outlives a scavenge, so that one of 16 MiB stops the process for 40 ms
 * and one of 2 MiB for 1 ms.
 */
const SERVER_FLAGS = ['--max-semi-space-size=2'];

async function startServer(): Promise<{ address: string; child: ChildProcess }> {
  const script = join(import.meta.dirname, 'serving-server.ts');
  const child = spawn(process.execPath, [...SERVER_FLAGS, script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { address: `127.0.0.1:${Number(line)}`, child };
}

function summary(each: Case, results: readonly LoadResult[]) {
  const spread = (pick: (result: LoadResult) => number) => {
    const sorted = results.map(pick).sort((a, b) => a - b);
    const round = (value: number | undefined): number => Number((value ?? NaN).toPrecision(4));
    return { median: round(sorted[sorted.length >> 1]), min: round(sorted[0]), max: round(sorted.at(-1)) };
  };
  return {
    name: each.name,
    messagesPerSecond: spread((result) => result.callsPerSecond * each.messagesPerCall),
    // The duration of a stream says nothing of one message.
    ...(each.messagesPerCall === 1
      ? { p50Ms: spread((result) => result.p50Ms), p99Ms: spread((result) => result.p99Ms) }
      : {}),
  };
}

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    target: { type: 'string' },
    model: { type: 'string', default: 'bench' },
    repeats: { type: 'string', default: '5' },
  },
});
const program = systemTool('h2load', 'nghttp2-client');
if ('missing' in program) throw new Error(`The bench must have ${program.missing}`);
const server = flags.target === undefined ? await startServer() : { address: flags.target, child: undefined };
try {
  const message = frame(await requestBytes(server.address, flags.model));
  const loads = CASES.map((each) => ({ each, results: [] as LoadResult[] }));
  // The first round warms up; the rounds interleave the cases, so that a busy machine slows all of them.
  for (let round = 0; round <= Number(flags.repeats); round++) {
    for (const { each, results } of loads) {
      const body = Buffer.concat(Array.from({ length: each.messagesPerCall }, () => message));
      const result = await h2load(program.path, { ...each, address: server.address, body });
      if (round > 0) results.push(result);
    }
  }
  const report = loads.map(({ each, results }) => summary(each, results));
  if (flags.json) process.stdout.write(`${JSON.stringify({ bench: 'serving', cases: report })}\n`);
  else {
    console.table(
      report.map(({ name, messagesPerSecond, p50Ms, p99Ms }) => ({
        name,
        'messages/s': messagesPerSecond.median,
        min: messagesPerSecond.min,
        max: messagesPerSecond.max,
        'p50 ms': p50Ms?.median,
        'p99 ms': p99Ms?.median,
      })),
    );
  }
} finally {
  server.child?.stdin?.end();
}
