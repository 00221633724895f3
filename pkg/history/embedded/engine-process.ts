/**
 * The ClickHouse engine in a process of its own, behind the part of ClickHouse's HTTP interface that its client speaks. So the engine's memory,
 * threads and possible crashes stay away from what serves, and one client talks to the embedded engine and to a server alike.
 *
 * Started by `startEngine` with the folder and the port, and a password in the environment, where other users do not see it; ends when its parent
 * does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Session } from 'chdb';

const [directory = '', port = '0'] = process.argv.slice(2);
const password = process.env['TRADEWIND_ENGINE_PASSWORD'] ?? '';

/** Kept small: the engine shares a laptop with everything else. */
const SETTINGS: readonly string[] = [
  'SET max_threads = 2',
  'SET max_insert_threads = 1',
  'SET max_memory_usage = 400000000',
  'SET output_format_json_quote_64bit_integers = 0',
  'SET output_format_json_quote_denormals = 1',
];

const session = new Session(directory);
for (const setting of SETTINGS) session.query(setting);

/** The engine takes one statement at a time. */
let turn: Promise<unknown> = Promise.resolve();

function run(sql: string): Promise<Uint8Array> {
  const result = turn.then(async () => (await session.queryAsync(sql)).bytes());
  turn = result.catch(() => undefined);
  return result;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  const given = request.headers.authorization ?? '';
  if (given !== `Basic ${Buffer.from(`tradewind:${password}`).toString('base64')}`) {
    response.writeHead(403, { 'x-clickhouse-exception-code': '516' });
    response.end('Code: 516. DB::Exception: authentication failed. (AUTHENTICATION_FAILED)');
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const query = url.searchParams.get('query');
  const result = await run(query === null ? body : `${query}\n${body}`);
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(result);
}

function refuse(response: ServerResponse, error: unknown): void {
  const code = String((error as { readonly clickhouseCode?: number }).clickhouseCode ?? 1002);
  response.writeHead(code === '60' ? 404 : 500, { 'x-clickhouse-exception-code': code });
  response.end(error instanceof Error ? error.message : String(error));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => refuse(response, error));
});
server.listen(Number(port), '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

/** Ends when the parent does, however it ends: what it had inserted is on disk. */
process.on('disconnect', () => {
  server.close();
  server.closeAllConnections();
  void turn.then(() => {
    session.close();
    process.exit(0);
  });
});
// A terminal sends an interrupt to the whole group; the parent decides when the engine ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
