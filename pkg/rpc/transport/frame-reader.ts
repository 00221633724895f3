import { gunzipSync, inflateSync } from 'node:zlib';
import { TradewindError } from '../../runtime/errors.ts';

/** A message is larger than the server reads. */
export class MessageTooLarge extends TradewindError {
  readonly code = 'MessageTooLarge';
  readonly kind = 'exhausted';

  constructor(maxBytes: number, bytes?: number) {
    const was = bytes === undefined ? 'larger when decompressed' : String(bytes);
    super({ message: `Message must have at most ${maxBytes} bytes, was ${was}`, facts: { maxBytes, bytes } });
  }
}

/** The bytes of a call are no sequence of gRPC messages, or are compressed in a way that is not known. */
export class FramingInvalid extends TradewindError {
  readonly code = 'FramingInvalid';
  readonly kind = 'data';

  constructor(must: string, was: string, cause?: unknown) {
    super({ message: `Message must ${must}, was ${was}`, cause });
  }
}

/** Flag and length in front of every message: one byte, then uint32 big-endian. */
const PREFIX_BYTES = 5;

/** Puts the prefix in front of a message. */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/** Cuts the bytes of one call into messages. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #encoding: string | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes of the frame that is being read, with its prefix; 0 while that is not known. */
  #wanted = 0;

  /** @param encoding - The header `grpc-encoding`. */
  constructor(maxBytes: number, encoding: string | undefined) {
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
  }

  /** True between messages. */
  get isEmpty(): boolean {
    return this.#pendingBytes === 0;
  }

  /**
   * Takes bytes as they came.
   *
   * @returns The messages that are whole now.
   * @throws {MessageTooLarge} As soon as the length is known. @throws {FramingInvalid}
   */
  read(chunk: Buffer): Buffer[] {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    const messages: Buffer[] = [];
    while (this.#hasFrame()) messages.push(this.#takeFrame());
    return messages;
  }

  #hasFrame(): boolean {
    if (this.#wanted === 0) {
      if (this.#pendingBytes < PREFIX_BYTES) return false;
      const length = this.#joined().readUInt32BE(1);
      if (length > this.#maxBytes) throw new MessageTooLarge(this.#maxBytes, length);
      this.#wanted = PREFIX_BYTES + length;
    }
    return this.#pendingBytes >= this.#wanted;
  }

  #takeFrame(): Buffer {
    const all = this.#joined();
    const message = all.subarray(PREFIX_BYTES, this.#wanted);
    const rest = all.subarray(this.#wanted);
    this.#pending = rest.length === 0 ? [] : [rest];
    this.#pendingBytes = rest.length;
    this.#wanted = 0;
    return all[0] === 0 ? message : this.#decompress(message);
  }

  #joined(): Buffer {
    if (this.#pending.length > 1) this.#pending = [Buffer.concat(this.#pending)];
    return this.#pending[0] as Buffer;
  }

  #decompress(message: Buffer): Buffer {
    const decompress =
      this.#encoding === 'gzip' ? gunzipSync : this.#encoding === 'deflate' ? inflateSync : undefined;
    if (decompress === undefined) {
      throw new FramingInvalid('be compressed with gzip or deflate', `'${this.#encoding ?? 'identity'}'`);
    }
    try {
      return decompress(message, { maxOutputLength: this.#maxBytes });
    } catch (error) {
      if (error instanceof RangeError) throw new MessageTooLarge(this.#maxBytes);
      throw new FramingInvalid(`be what its encoding says (${this.#encoding})`, 'not', error);
    }
  }
}
