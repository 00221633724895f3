// Asks the gateways whether they are ready and serve: HTTP address, gRPC address and, for TLS, the folder of ca.crt, tls.crt and tls.key.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';

const DEADLINE_MS = 10_000;
/** Field 1 of HealthCheckResponse is 1: SERVING. */
const SERVING = Buffer.from([8, 1]);

const [httpAddress, grpcAddress, tlsFolder] = process.argv.slice(1);

async function checkHttp() {
  const ready = await fetch(`http://${httpAddress}/readyz`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!ready.ok)
    throw new Error(`/readyz must be answered by 200, was ${ready.status}: ${await ready.text()}`);
}

async function checkGrpc() {
  const pem = (name) => {
    const path = join(tlsFolder, name);
    return existsSync(path) ? readFileSync(path) : null;
  };
  const bytes = (message) => message;
  const method = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const Health = makeGenericClientConstructor({ check: method }, 'grpc.health.v1.Health');
  const client = new Health(
    grpcAddress,
    tlsFolder === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(pem('ca.crt'), pem('tls.key'), pem('tls.crt')),
  );
  const answer = await new Promise((resolve, reject) => {
    client.check(Buffer.alloc(0), { deadline: Date.now() + DEADLINE_MS }, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
  client.close();
  if (!SERVING.equals(answer)) throw new Error(`gRPC health must be SERVING, was ${answer.toString('hex')}`);
}

try {
  await checkHttp();
  await checkGrpc();
  process.stdout.write('the gateways are ready and serve\n');
} catch (error) {
  const { message, cause } = error;
  process.stderr.write(`${cause === undefined ? message : `${message}: ${cause.message || cause.code}`}\n`);
  process.exit(1);
}
