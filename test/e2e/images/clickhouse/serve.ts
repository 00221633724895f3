/** The engine of the embedded history on ClickHouse's HTTP port, for whoever reaches it: a server whose user `default` has no password. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import { startEngine } from '../../../../pkg/history/embedded/start-engine.ts';

const PORT = 8123;
const engine = await startEngine('/var/lib/clickhouse', {
  onLost: (how) => console.error(`the engine ended by itself: ${how}`),
});
const authorization = `Basic ${Buffer.from(`${engine.username}:${engine.password}`).toString('base64')}`;

async function passOn(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { url = '/', method, headers } = asked;
  const onward = request(new URL(url, engine.url), { method, headers: { ...headers, authorization } });
  onward.once('response', resolve).once('error', reject);
  await pipeline(asked, onward);
  const given = await promise;
  answer.writeHead(given.statusCode ?? 502, given.headers);
  await pipeline(given, answer);
}

const server = createServer((asked, answer) => {
  // The client sees a connection that broke, and asks again.
  passOn(asked, answer).catch(() => answer.destroy());
}).listen(PORT);

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
    void engine.stop().then(() => process.exit(0));
  });
