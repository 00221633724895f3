import { Duplex } from 'node:stream';
import { statusOf, type RpcStatus } from '../status.ts';
import { FrameReader, FramingInvalid } from './frame-reader.ts';
import type { ServerCall } from './server-call.ts';

type Callback = (error?: Error | null) => void;

/** Messages that may wait for the caller to read before `write` asks to stop. */
const WRITE_MESSAGES = 256;

/** Both directions of a streaming call, one message per chunk. `end` finishes well, `fail` with a status. */
export class BidiCall extends Duplex {
  readonly call: ServerCall;

  constructor(call: ServerCall, maxReceiveBytes: number) {
    super({ objectMode: true, writableHighWaterMark: WRITE_MESSAGES, autoDestroy: false });
    this.call = call;
    const { stream } = call;
    const reader = new FrameReader(maxReceiveBytes, call.encoding);
    stream.on('data', (chunk: Buffer) => {
      // The rest of a call that is over is read, or it would hold up the connection, and thrown away.
      if (call.isOver) return;
      let hasRoom = true;
      try {
        for (const message of reader.read(chunk)) hasRoom = this.push(message);
      } catch (error) {
        this.#refuse(error);
        return;
      }
      if (!hasRoom) stream.pause();
    });
    stream.on('end', () => {
      // A caller who cancels has not ended well: the method is told when the stream closes, which is next.
      if (stream.aborted) return;
      if (call.isOver || reader.isEmpty) this.push(null);
      else this.#refuse(new FramingInvalid('be whole', 'cut off'));
    });
    stream.on('close', () => this.destroy());
  }

  /** Ends the call with an error; what was written before is sent first. */
  fail(status: RpcStatus): void {
    this.call.fail(status);
    this.destroy();
  }

  override _read(): void {
    this.call.stream.resume();
  }

  override _write(message: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    this.#send([message], callback);
  }

  /** All that waits goes out as one piece: a frame of its own for each message would be half of the cost. */
  override _writev(chunks: { chunk: Uint8Array }[], callback: Callback): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  override _final(callback: Callback): void {
    this.call.finish();
    this.call.stream.resume();
    callback();
  }

  /** Leaving a loop over the messages destroys this side only: the status is still to be sent. */
  override _destroy(_error: Error | null, callback: Callback): void {
    callback(null);
  }

  /** Ends a call whose bytes cannot be framed. */
  #refuse(error: unknown): void {
    this.call.abort(statusOf(error));
    this.destroy();
  }

  #send(messages: readonly Uint8Array[], callback: Callback): void {
    if (this.call.isOver) {
      callback();
      return;
    }
    let bytes: Buffer;
    try {
      bytes = Buffer.concat(messages.map((message) => this.call.framed(message)));
    } catch (error) {
      this.#refuse(error);
      callback();
      return;
    }
    this.call.respond();
    this.call.stream.write(bytes, () => callback());
  }
}
