import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeCertificate } from './kafka-settings.ts';

/** What goes wrong with a file. A fault that has `times` passes after so many requests. */
export type Fault = { readonly times?: number } & (
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection breaks after so many bytes of the answer. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Nothing more comes after so many bytes, and the connection stays. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** The header promises another length than the file has. */
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'encoded' }
  | { readonly kind: 'no-ranges' }
  /** Ranges are given of a file that is another one by now, as a server does that ignores `If-Range`. */
  | { readonly kind: 'other-etag' }
);

/** A request as it came. */
export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** A web server of files on 127.0.0.1, with ranges, strong ETags, and faults on demand. */
export interface ArtifactServer {
  /** `https://localhost:<port>`, or http. */
  readonly origin: string;
  /** PEM file of the authority that signed its certificate. */
  readonly ca: string;
  /** What it has, by path: `/folder/file`. */
  readonly files: Map<string, Buffer>;
  /** By path. */
  readonly faults: Map<string, Fault>;
  readonly seen: readonly SeenRequest[];
  /** Takes every file of a folder of the disk. */
  addFolder(path: string, files: Readonly<Record<string, Buffer>>): void;
  stop(): Promise<void>;
}

export async function startArtifactServer({ isPlain = false } = {}): Promise<ArtifactServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-artifact-server-'));
  const files = new Map<string, Buffer>();
  const faults = new Map<string, Fault>();
  const seen: SeenRequest[] = [];
  const used = new Map<string, number>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const { range, authorization } = request.headers;
    seen.push({ path, range, authorization });
    const fault = faults.get(path);
    const count = (used.get(path) ?? 0) + 1;
    used.set(path, count);
    const isOver = fault?.times !== undefined && count > fault.times;
    give(request, response, files.get(path), isOver ? undefined : fault);
  };
  const { keyStore, ca } = makeCertificate(folder);
  const pem = readFileSync(keyStore);
  const server = isPlain ? createHttpServer(answer) : createHttpsServer({ key: pem, cert: pem }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${isPlain ? 'http' : 'https'}://localhost:${port}`,
    ...{ ca, files, faults, seen },
    addFolder: (path, contents) => {
      for (const [name, bytes] of Object.entries(contents)) files.set(`${path}/${name}`, bytes);
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function give(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer | undefined,
  fault: Fault | undefined,
): void {
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, fault.headers).end();
    return;
  }
  if (fault?.kind === 'redirect') {
    response.writeHead(302, { location: fault.to }).end();
    return;
  }
  if (file === undefined) {
    response.writeHead(404).end('none');
    return;
  }
  const isOther = fault?.kind === 'other-etag';
  const etag = `"${isOther ? 'other' : createHash('md5').update(file).digest('hex')}"`;
  const { range, 'if-range': condition } = request.headers;
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? Number.NaN);
  const isPart =
    fault?.kind !== 'no-ranges' &&
    !Number.isNaN(from) &&
    (isOther || condition === undefined || condition === etag);
  if (isPart && from >= file.length) {
    response.writeHead(416).end();
    return;
  }
  const body = isPart ? file.subarray(from) : file;
  const promised = fault?.kind === 'length' ? fault.bytes : body.length;
  response.writeHead(isPart ? 206 : 200, {
    'content-length': promised,
    ...(fault?.kind === 'no-ranges' ? {} : { etag }),
    ...(fault?.kind === 'encoded' ? { 'content-encoding': 'gzip' } : {}),
    ...(isPart ? { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
  });
  switch (fault?.kind) {
    case 'cut':
      response.write(body.subarray(0, fault.afterBytes), () => response.destroy());
      return;
    case 'stall':
      response.write(body.subarray(0, fault.afterBytes));
      return;
    case 'length':
      response.end(body.subarray(0, Math.min(body.length, fault.bytes)));
      return;
    default:
      response.end(body);
  }
}
