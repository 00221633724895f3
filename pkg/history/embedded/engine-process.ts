/**
 * The ClickHouse engine in a process of its own, behind the part of ClickHouse's HTTP interface that its client speaks. So the engine's memory,
 * threads and possible crashes stay away from what serves, and one client talks to the embedded engine and to a server alike.
 *
 * Started by `startEngine` with the folder and the port, and a password in the environment, where other users do not see it; ends when its parent
 * does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { Session } from 'chdb';

import { systemClock } from '../../runtime/clock.ts';
import { onParentEnd } from '../../runtime/parent.ts';
import { freeBytes } from '../../runtime/writable.ts';
import { isAuthorised, readStatement, type Statement } from './http-request.ts';
import { PartChecks } from './part-checks.ts';

const USERNAME = 'tradewind';
const [directory = '', port = '0'] = process.argv.slice(2);
const password = process.env['TRADEWIND_ENGINE_PASSWORD'] ?? '';
const zip = promisify(gzip);

/** Kept small: the engine shares a laptop with everything else. */
const SETTINGS: readonly string[] = [
  'SET max_threads = 2',
  'SET max_insert_threads = 1',
  'SET max_memory_usage = 400000000',
  'SET output_format_json_quote_64bit_integers = 0',
  'SET output_format_json_quote_denormals = 1',
];

/** An unknown table is told as absent, all else as a fault of the engine; ClickHouse does the same. */
const UNKNOWN_TABLE = '60';
const AUTHENTICATION_FAILED = '516';

const session = new Session(directory, {
  connectionArgs: [`--config-file=${fileURLToPath(new URL('./engine.xml', import.meta.url))}`],
});
for (const setting of SETTINGS) session.query(setting);

const INSERT = /^\s*INSERT\b/i;
/** So often free space is looked at, and what merges wrote is checked where it was short, milliseconds. */
const LOOK_MS = 250;
/** For the answers that say why the process ends, milliseconds. */
const LAST_ANSWERS_MS = 100;
/** As `ENOSPC` is numbered. */
const NO_SPACE_EXIT_CODE = 28;

const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
const checks = new PartChecks({
  ask: async (sql) =>
    rowsOf(Buffer.from((await session.queryAsync(sql, { format: 'TSVRaw' })).bytes()).toString()),
  freeBytes: () => freeBytes(directory),
  nowS: () => systemClock.nowUs() / 1e6,
});

/** Rows that the engine has acknowledged are missing on disk. Told as ClickHouse tells of a full disk, so that clients try again. */
class RowsMissing extends Error {
  readonly clickhouseCode = 243;

  constructor() {
    super('Code: 243. DB::Exception: not enough space: not all was written. (NOT_ENOUGH_SPACE)');
  }
}

/** The engine takes one statement at a time. */
let turn: Promise<unknown> = Promise.resolve();
let isEnding = false;

function run(statement: Statement): Promise<Uint8Array> {
  return inTurn(async () => {
    const result = await runNow(statement);
    if (INSERT.test(statement.sql)) await endIfBroken();
    return result;
  });
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = turn.then(() => {
    if (isEnding) throw new RowsMissing();
    return work();
  });
  turn = result.catch(() => undefined);
  return result;
}

/**
 * Ends the process where a part is broken: an engine that starts detaches such parts, and goes on with those that they were merged from.
 *
 * @throws {RowsMissing}
 */
async function endIfBroken(): Promise<void> {
  if (await checks.areIntact()) return;
  isEnding = true;
  setTimeout(() => {
    session.close();
    process.exit(NO_SPACE_EXIT_CODE);
  }, LAST_ANSWERS_MS);
  throw new RowsMissing();
}

let isCheckQueued = false;
function lookAtSpace(): void {
  if (!checks.look() || isCheckQueued) return;
  isCheckQueued = true;
  // Where it is not known whether something is broken, the next one asks again.
  const checked = inTurn(endIfBroken).catch(() => undefined);
  void checked.finally(() => (isCheckQueued = false));
}
setInterval(lookAtSpace, LOOK_MS).unref();

/** Settings of a statement are the engine's until it has ended. */
async function runNow({ sql, settings, format }: Statement): Promise<Uint8Array> {
  const set: string[] = [];
  try {
    for (const [name, value] of settings) {
      if (!/^\w+$/.test(name)) continue;
      await session.queryAsync(`SET ${name} = ${quoted(value)}`);
      if (!name.startsWith('param_')) set.push(name);
    }
    return (await session.queryAsync(sql, { format })).bytes();
  } finally {
    for (const name of set) session.query(`SET ${name} = DEFAULT`);
    if (set.length > 0) for (const setting of SETTINGS) session.query(setting);
  }
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url?.startsWith('/ping') === true) {
    response.end('Ok.\n');
    return;
  }
  if (!isAuthorised(request, USERNAME, password)) {
    response.writeHead(403, { 'x-clickhouse-exception-code': AUTHENTICATION_FAILED });
    response.end(
      `Code: ${AUTHENTICATION_FAILED}. DB::Exception: authentication failed. (AUTHENTICATION_FAILED)`,
    );
    return;
  }
  const statement = await readStatement(request);
  const result = await run(statement);
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    ...(statement.queryId === undefined ? {} : { 'x-clickhouse-query-id': statement.queryId }),
    ...(statement.isCompressed ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(statement.isCompressed ? await zip(result) : result);
}

function refuse(response: ServerResponse, error: unknown): void {
  const code = String((error as { readonly clickhouseCode?: number }).clickhouseCode ?? 1002);
  response.writeHead(code === UNKNOWN_TABLE ? 404 : 500, { 'x-clickhouse-exception-code': code });
  response.end(error instanceof Error ? error.message : String(error));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => refuse(response, error));
});
server.listen(Number(port), '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

// Ends when the parent does, however it ends: what it had inserted is on disk.
onParentEnd(() => {
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
