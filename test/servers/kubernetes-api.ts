import { Agent, request } from 'node:https';

/** What the API server answered. */
export interface ApiAnswer {
  readonly status: number;
  /** The body where it is JSON, else its text. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it knows to be there
  readonly body: any;
}

/** A plain request to an API server, as a user. Nothing of the client under test is in it. */
export type ApiRequest = (
  method: string,
  path: string,
  body?: object,
  contentType?: string,
) => Promise<ApiAnswer>;

/** How long one request may take, milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Makes requests with one bearer token.
 *
 * @param ca - Gives the certificates to trust, PEM.
 */
export function apiRequests(port: number, ca: () => string, token: string): ApiRequest {
  let agent: Agent | undefined;
  const once: ApiRequest = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      // Certificates are there once the server has started.
      agent ??= new Agent({ ca: ca(), keepAlive: true });
      const text = body === undefined ? undefined : JSON.stringify(body);
      // Node gives the body of a DELETE no length by itself, and a server then reads none.
      const length = Buffer.byteLength(text ?? '');
      const headers = {
        authorization: `Bearer ${token}`,
        ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': length }),
      };
      const options = {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers,
        ...(method === 'GET' ? { agent } : { agent: false, ca: ca() }),
        timeout: TIMEOUT_MS,
      };
      const call = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(parts).toString('utf8');
          const isJson = response.headers['content-type']?.startsWith('application/json') === true;
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(answer) : answer });
        });
      });
      call.on('timeout', () =>
        call.destroy(new Error(`API server must answer in ${TIMEOUT_MS} ms: ${method} ${path}`)),
      );
      call.on('error', reject);
      call.end(text);
    });
  return async (method, path, body, contentType) => {
    try {
      return await once(method, path, body, contentType);
    } catch (error) {
      // The authority may have been read while the server still wrote it.
      agent?.destroy();
      agent = undefined;
      // A connection that was kept may have ended meanwhile; writes have one of their own, lest they are done twice.
      if (method !== 'GET' || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
      return once(method, path, body, contentType);
    }
  };
}
