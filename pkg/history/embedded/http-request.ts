import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** What a request asks the engine to run. */
export interface Statement {
  readonly sql: string;
  /** Settings of this statement alone, its parameters (`param_<name>`) among them. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Of the answer, where the statement names none. */
  readonly format: string;
  readonly queryId: string | undefined;
  /** Whether the answer is to be compressed with gzip. */
  readonly isCompressed: boolean;
}

/** A request that is none of ClickHouse's HTTP interface, or of a part of it that is not offered. */
class RequestRefused extends Error {
  /** ClickHouse's own number of the error. */
  readonly clickhouseCode: number;

  constructor(clickhouseCode: number, message: string) {
    super(`Code: ${clickhouseCode}. DB::Exception: ${message}`);
    this.clickhouseCode = clickhouseCode;
  }
}

const NOT_IMPLEMENTED = 48;
const CANNOT_DECOMPRESS = 271;

/** Parameters of the interface that are no settings. The answer always waits for the end of the statement. */
const OF_THE_INTERFACE: ReadonlySet<string> = new Set([
  ...['query', 'query_id', 'database', 'default_format', 'wait_end_of_query', 'buffer_size'],
  ...['enable_http_compression', 'compress', 'decompress', 'user', 'password', 'quota_key'],
]);
/** What would change what comes after it: nothing here lasts longer than its statement. */
const NOT_OFFERED: readonly string[] = ['session_id', 'role'];

const unzip = promisify(gunzip);

/** Whether the request carries the credentials, as HTTP Basic. */
export function isAuthorised(request: IncomingMessage, username: string, password: string): boolean {
  const wanted = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  const given = Buffer.from(request.headers.authorization ?? '');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Reads a request of ClickHouse's HTTP interface to its end. @throws {RequestRefused} */
export async function readStatement(request: IncomingMessage): Promise<Statement> {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  for (const name of NOT_OFFERED) {
    if (searchParams.has(name))
      throw new RequestRefused(NOT_IMPLEMENTED, `${name} is not offered by the embedded engine`);
  }
  const body = await readBody(request);
  const query = searchParams.get('query');
  const accepted = request.headers['accept-encoding'] ?? '';
  return {
    sql: query === null ? body : `${query}\n${body}`,
    settings: [...searchParams].filter(([name]) => !OF_THE_INTERFACE.has(name)),
    format: searchParams.get('default_format') ?? 'TabSeparated',
    queryId: searchParams.get('query_id') ?? undefined,
    isCompressed: searchParams.get('enable_http_compression') === '1' && accepted.includes('gzip'),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (request.headers['content-encoding'] === undefined) return bytes.toString('utf8');
  if (request.headers['content-encoding'] !== 'gzip')
    throw new RequestRefused(NOT_IMPLEMENTED, 'content-encoding must be gzip or absent');
  try {
    return (await unzip(bytes)).toString('utf8');
  } catch {
    throw new RequestRefused(CANNOT_DECOMPRESS, 'body must be gzip, was not');
  }
}
