import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Metadata, status as Code } from '@grpc/grpc-js';
import type { Clock } from '../../runtime/clock.ts';
import { AddressUnusable, PortInUse } from '../../runtime/common-errors.ts';
import { shown } from '../../runtime/shown.ts';
import { statusOf } from '../status.ts';
import { BidiCall } from './bidi-call.ts';
import { FrameReader, FramingInvalid } from './frame-reader.ts';
import { ignore, refuse, refuseContentType, ServerCall } from './server-call.ts';

/** Certificates of a server, PEM. */
export interface ServerTls {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  /** Authorities of client certificates; where given, a client must show one. */
  readonly clientAuthorities?: Buffer;
}

/** Limits and keys of a {@link GrpcListener}. */
export interface ListenerOptions {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly maxConcurrentStreams: number;
  readonly tls: ServerTls | undefined;
  readonly clock: Clock;
  /** Told of a connection that was refused before it was one, with OpenSSL's code: no or an unknown client certificate, plain text. */
  readonly onTlsRefused?: (code: string, from: string | undefined) => void;
}

/** How one method is answered. */
export type MethodHandler =
  | { readonly kind: 'unary'; readonly run: (call: ServerCall, request: Buffer) => void }
  | { readonly kind: 'stream'; readonly run: (call: BidiCall) => void };

/** Receive window of a stream and of a connection: large messages arrive without a round trip per 64 KiB. */
const WINDOW_BYTES = 1024 * 1024;

/** Characters of a path that is none shown to the caller. */
const MAX_PATH_LENGTH = 200;

/**
 * The server side of gRPC over HTTP/2, on Node's own `http2`.
 *
 * Used in place of the server of grpc-js, whose layers of streams, listeners and interceptors per call cost a third of what
 * one core can do with small calls. Clients are those of grpc-js and of other languages.
 *
 * @see The gRPC over HTTP/2 protocol specification.
 */
export class GrpcListener {
  readonly #options: ListenerOptions;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #handlers = new Map<string, MethodHandler>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { tls } = options;
    const settings = {
      // Megabytes that a connection may hold; Node's default of 10 is below one message of the largest size.
      maxSessionMemory: 64,
      settings: { maxConcurrentStreams: options.maxConcurrentStreams, initialWindowSize: WINDOW_BYTES },
    };
    this.#server =
      tls === undefined
        ? createServer(settings)
        : createSecureServer({ ...settings, ...secureSettings(tls) });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) =>
      options.onTlsRefused?.(error.code ?? 'unknown', socket.remoteAddress),
    );
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.setLocalWindowSize(WINDOW_BYTES);
    });
    this.#server.on('stream', (stream, headers) => {
      stream.on('error', ignore);
      this.#accept(stream, headers);
    });
  }

  /** Adds a method by its path, `/package.Service/Method`. */
  handle(path: string, handler: MethodHandler): void {
    this.#handlers.set(path, handler);
  }

  /** New connections get other certificates; open ones go on. Does nothing where the server speaks plain text. */
  setTls(tls: ServerTls): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(secureSettings(tls));
  }

  /** @returns The port. @throws {PortInUse} @throws {AddressUnusable} */
  async listen(host: string, port: number): Promise<number> {
    const bound = Promise.withResolvers<void>();
    const onError = (error: NodeJS.ErrnoException): void => {
      const Failure = error.code === 'EADDRINUSE' ? PortInUse : AddressUnusable;
      bound.reject(new Failure(host, port, error));
    };
    this.#server.once('error', onError);
    this.#server.listen(port, host, () => bound.resolve());
    await bound.promise;
    this.#server.off('error', onError);
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no new connection or call; resolves when all open ones have ended. */
  async drain(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    for (const session of this.#sessions) session.close();
    await closed.promise;
  }

  /** Ends every connection now. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const type: unknown = headers['content-type'];
    if (typeof type !== 'string' || !type.startsWith('application/grpc') || headers[':method'] !== 'POST') {
      refuseContentType(stream);
      return;
    }
    const handler = this.#handlers.get(String(headers[':path']));
    if (handler === undefined) {
      const details = `No method ${shown(String(headers[':path']), MAX_PATH_LENGTH)}`;
      refuse(stream, { code: Code.UNIMPLEMENTED, details, metadata: new Metadata() });
      return;
    }
    let call: ServerCall;
    try {
      call = new ServerCall(stream, headers, this.#options.maxSendBytes, this.#options.clock);
    } catch (error) {
      refuse(stream, statusOf(error));
      return;
    }
    if (handler.kind === 'unary') receiveOne(call, this.#options.maxReceiveBytes, handler.run);
    else handler.run(new BidiCall(call, this.#options.maxReceiveBytes));
  }
}

function secureSettings({ certificate, privateKey, clientAuthorities }: ServerTls) {
  return {
    ...{ cert: certificate, key: privateKey, minVersion: 'TLSv1.2' as const },
    ...(clientAuthorities === undefined
      ? {}
      : { ca: clientAuthorities, requestCert: true, rejectUnauthorized: true }),
  };
}

/** Waits for the only message of a unary call. */
function receiveOne(
  call: ServerCall,
  maxBytes: number,
  run: (call: ServerCall, request: Buffer) => void,
): void {
  const reader = new FrameReader(maxBytes, call.encoding);
  let request: Buffer | undefined;
  call.stream.on('data', (chunk: Buffer) => {
    if (call.isOver) return;
    try {
      for (const message of reader.read(chunk)) {
        if (request !== undefined) throw new FramingInvalid('be the only one of a unary call', 'the second');
        request = message;
      }
    } catch (error) {
      call.fail(statusOf(error));
    }
  });
  call.stream.on('end', () => {
    if (call.isOver) return;
    if (request === undefined || !reader.isEmpty) {
      call.fail(statusOf(new FramingInvalid('be whole', 'cut off')));
    } else run(call, request);
  });
}
