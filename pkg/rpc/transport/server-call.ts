import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Metadata, status as Code } from '@grpc/grpc-js';
import type { Clock } from '../../runtime/clock.ts';
import type { RpcStatus } from '../status.ts';
import { frame, MessageTooLarge } from './frame-reader.ts';
import { parseTimeoutMs } from './timeout.ts';

const RESPONSE_HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
};
const OK_TRAILERS = { 'grpc-status': '0' };

/** Where messages and the status of one call go; the parts that unary and streaming calls share. */
export class ServerCall {
  readonly stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #maxSendBytes: number;
  /** On the monotonic clock, milliseconds; Infinity without one. */
  readonly deadlineMs: number;
  #metadata: Metadata | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Called once when the caller cancels or goes away, or the deadline passes, before the status is sent. */
  onCancelled: ((code: Code) => void) | undefined;

  /** @throws {FramingInvalid} The header `grpc-timeout` cannot be read. */
  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, maxSendBytes: number, clock: Clock) {
    this.stream = stream;
    this.#headers = headers;
    this.#maxSendBytes = maxSendBytes;
    const timeout = headers['grpc-timeout'];
    if (timeout === undefined) this.deadlineMs = Infinity;
    else {
      const timeoutMs = parseTimeoutMs(String(timeout));
      this.deadlineMs = clock.monotonicMs() + timeoutMs;
      this.#timer = setTimeout(() => this.#expire(), timeoutMs);
    }
    stream.on('close', () => this.#leave());
  }

  /** Request headers. */
  get metadata(): Metadata {
    this.#metadata ??= Metadata.fromHttp2Headers(this.#headers);
    return this.#metadata;
  }

  /** Header by which the caller compresses. */
  get encoding(): string | undefined {
    const encoding = this.#headers['grpc-encoding'];
    return typeof encoding === 'string' ? encoding : undefined;
  }

  getPeer(): string {
    const socket = this.stream.session?.socket;
    return `${socket?.remoteAddress ?? ''}:${socket?.remotePort ?? ''}`;
  }

  /** True once a status was sent or the caller is gone. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The bytes of one answer on the wire. @throws {MessageTooLarge} */
  framed(message: Uint8Array): Buffer {
    if (message.length > this.#maxSendBytes) throw new MessageTooLarge(this.#maxSendBytes, message.length);
    return frame(message);
  }

  /** Sends the headers of a good answer unless they are sent. */
  respond(): void {
    const { stream } = this;
    if (stream.headersSent) return;
    stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  }

  /** Ends the call well, after `last` where given. */
  finish(last?: Buffer): void {
    if (!this.#close()) return;
    this.respond();
    this.stream.on('wantTrailers', () => this.stream.sendTrailers(OK_TRAILERS));
    this.stream.end(last);
  }

  /** Ends the call with an error. */
  fail(status: RpcStatus): void {
    if (!this.#close()) return;
    const { stream } = this;
    const trailers = {
      ...status.metadata.toHttp2Headers(),
      'grpc-status': String(status.code),
      'grpc-message': percentEncode(status.details),
    };
    if (stream.headersSent) {
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      stream.end();
    } else stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true });
    // What the caller still sends is read and thrown away, or it would hold up the connection.
    stream.resume();
  }

  /** Ends the call with an error that its method does not know of, and tells it so. */
  abort(status: RpcStatus): void {
    if (this.#isOver) return;
    this.onCancelled?.(status.code);
    this.fail(status);
  }

  #expire(): void {
    this.abort({ code: Code.DEADLINE_EXCEEDED, details: 'Deadline exceeded', metadata: new Metadata() });
  }

  #leave(): void {
    if (!this.#isOver) {
      this.onCancelled?.(Code.CANCELLED);
      this.#close();
    }
    // Node keeps a closed stream until the next full collection. What hangs on it by its listeners, this call with its messages and
    // headers, would be kept as long, and is most of what a full collection is needed for.
    this.stream.removeAllListeners();
    this.stream.on('error', ignore);
  }

  /** @returns False when the call was over already. */
  #close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    return !this.stream.destroyed && !this.stream.closed;
  }
}

/** For errors of a stream: a broken one also closes, and that is what calls act on; without a listener an error would end the process. */
export function ignore(): void {}

/** Refuses a request before there is a call: the status goes in the headers. */
export function refuse(stream: ServerHttp2Stream, status: RpcStatus): void {
  stream.respond(
    {
      ...RESPONSE_HEADERS,
      ...status.metadata.toHttp2Headers(),
      'grpc-status': String(status.code),
      'grpc-message': percentEncode(status.details),
    },
    { endStream: true },
  );
  stream.resume();
}

/** Refuses what is no gRPC request at all. */
export function refuseContentType(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE }, { endStream: true });
  stream.resume();
}

/** Header values are visible ASCII; everything else, and the percent sign, travels as %XX. */
function percentEncode(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent);
}
