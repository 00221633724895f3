import type { IncomingMessage } from 'node:http';

/** Bytes that wait to be read before the server is held back. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * The bytes of an answer, up to the very last before its connection breaks. A stream of Node drops what waits to be read when it fails: over a bad
 * line a download that is gone on with would never get on.
 */
export class HttpBody {
  readonly #response: IncomingMessage;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #end: 'open' | 'whole' | Error = 'open';
  #changed = Promise.withResolvers<void>();

  /** To be made at once when the answer comes, before anything else is waited for. */
  constructor(response: IncomingMessage) {
    this.#response = response;
    response.on('data', (chunk: Buffer) => {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes > MAX_WAITING_BYTES) response.pause();
      this.#changed.resolve();
    });
    const end = (how: 'whole' | Error): void => {
      if (this.#end === 'open') this.#end = how;
      this.#changed.resolve();
    };
    response.once('end', () => end('whole'));
    response.on('error', end);
    response.once('close', () => end(new Error('the connection was closed')));
  }

  /** Reads it, once. @throws The error of the connection, after all that came before it. */
  async *read(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const chunk = this.#waiting.shift();
        if (chunk !== undefined) {
          this.#waitingBytes -= chunk.length;
          if (this.#waitingBytes <= MAX_WAITING_BYTES) this.#response.resume();
          yield chunk;
        } else if (this.#end === 'whole') return;
        else if (this.#end !== 'open') throw this.#end;
        else {
          await this.#changed.promise;
          this.#changed = Promise.withResolvers();
        }
      }
    } finally {
      this.close();
    }
  }

  /** Ends the connection, read or not. */
  close(): void {
    this.#response.destroy();
  }
}
