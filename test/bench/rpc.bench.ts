/**
 * Our gRPC server on node:http2 against that of grpc-js: the same echo of 200 bytes at 1, 8 and 32 in flight, driven by h2load on
 * the same machine, in turn.
 *
 * Flags: --json; --repeats N (5).
 */

import { frame } from '../../pkg/rpc/transport/frame-reader.ts';
import { benchFlags } from './flags.ts';
import { findH2load, h2load } from './h2load.ts';
import { loadFigures, type LoadResult } from './load.ts';
import { report } from './report.ts';
import { ECHO_PATH, startServer } from './servers.ts';

const MESSAGE_BYTES = 200;
const CALLS_BY_IN_FLIGHT: ReadonlyMap<number, number> = new Map([
  [1, 5_000],
  [8, 15_000],
  [32, 40_000],
]);

const flags = benchFlags({
  options: { json: { type: 'boolean', default: false }, repeats: { type: 'string', default: '5' } },
});
const program = findH2load();
const body = frame(new Uint8Array(MESSAGE_BYTES));
const servers = {
  ours: await startServer('echo-server.ts', 'http2'),
  grpcJs: await startServer('echo-server.ts', 'grpc-js'),
};
try {
  const cases = [...CALLS_BY_IN_FLIGHT].map(([inFlight, calls]) => ({
    ...{ inFlight, calls },
    ours: [] as LoadResult[],
    grpcJs: [] as LoadResult[],
  }));
  // The first round warms up; the rounds interleave the servers, so that a busy machine slows both.
  for (let round = 0; round <= Number(flags.repeats); round += 1) {
    for (const one of cases) {
      for (const server of ['ours', 'grpcJs'] as const) {
        const load = { address: servers[server].address, path: ECHO_PATH, body, ...one };
        const result = await h2load(program, load, body.length);
        if (result.failed > 0) throw new Error(`every call must be answered, ${result.failed} were not`);
        if (round > 0) one[server].push(result);
      }
    }
  }
  report(
    'rpc',
    cases.flatMap(({ inFlight, ours, grpcJs }) => [
      ...loadFigures(`node:http2 @${inFlight}`, ours),
      ...loadFigures(`grpc-js @${inFlight}`, grpcJs),
      {
        name: `node:http2 over grpc-js @${inFlight}`,
        unit: 'times',
        values: ours.map(({ callsPerSecond }, i) => callsPerSecond / grpcJs[i]!.callsPerSecond),
      },
    ]),
    { json: flags.json, facts: { messageBytes: MESSAGE_BYTES } },
  );
} finally {
  await servers.ours.stop();
  await servers.grpcJs.stop();
}
