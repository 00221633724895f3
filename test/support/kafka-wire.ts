import type { Tap } from '../servers/tcp-proxy.ts';

const PRODUCE = 0;
const OFFSET_COMMIT = 8;

/** Counts the requests by which offsets are committed. */
export class CommitTap {
  requests = 0;
  /** Most that waited for their answers at one time. */
  mostInFlight = 0;
  readonly #frames = new Frames();
  readonly #waiting = new Set<string>();

  readonly tap: Tap = (direction, bytes, connection) => {
    for (const frame of this.#frames.of(direction, bytes, connection)) {
      if (direction !== 'toServer') this.#waiting.delete(`${connection} ${frame.readInt32BE(0)}`);
      else if (frame.readInt16BE(0) === OFFSET_COMMIT) {
        this.requests += 1;
        this.#waiting.add(`${connection} ${frame.readInt32BE(4)}`);
        this.mostInFlight = Math.max(this.mostInFlight, this.#waiting.size);
      }
    }
    return true;
  };
}

/** Puts together the frames that come in pieces: a length of 4 bytes and as many bytes. */
class Frames {
  readonly #partial = new Map<string, Buffer>();

  of(direction: string, bytes: Buffer, connection: number): readonly Buffer[] {
    const name = `${connection} ${direction}`;
    const frames: Buffer[] = [];
    let rest = Buffer.concat([this.#partial.get(name) ?? Buffer.alloc(0), bytes]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const frame = rest.subarray(4, 4 + rest.readInt32BE(0));
      rest = rest.subarray(4 + frame.length);
      frames.push(frame);
    }
    this.#partial.set(name, rest);
    return frames;
  }
}

/** A Produce request as it went over the wire. */
export interface ProduceSeen {
  readonly acks: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly records: number;
  /** Whether every record of the batch has a key. */
  readonly isKeyed: boolean;
}

/**
 * Reads Produce requests off the wire. Requests begin with the
 * number of their kind and of its version, 2 bytes each, and a correlation id of 4, with which answers begin too.
 */
export class ProduceTap {
  readonly seen: ProduceSeen[] = [];
  /** Most requests of one producer that waited for their answers at one time. */
  mostInFlight = 0;
  /** Answers to Produce requests that are lost from now on, together with their connections. */
  answersToLose = 0;
  readonly #frames = new Frames();
  readonly #waiting = new Map<string, bigint>();

  readonly tap: Tap = (direction, bytes, connection) => {
    for (const frame of this.#frames.of(direction, bytes, connection)) {
      if (direction === 'toServer') this.#request(frame, connection);
      else if (this.#answer(frame, connection)) return false;
    }
    return true;
  };

  #request(frame: Buffer, connection: number): void {
    if (frame.readInt16BE(0) !== PRODUCE) return;
    const produce = readProduce(frame);
    this.seen.push(produce);
    this.#waiting.set(`${connection} ${frame.readInt32BE(4)}`, produce.producerId);
    const ofSame = [...this.#waiting.values()].filter((id) => id === produce.producerId);
    this.mostInFlight = Math.max(this.mostInFlight, ofSame.length);
  }

  /** @returns Whether to lose it. */
  #answer(frame: Buffer, connection: number): boolean {
    if (!this.#waiting.delete(`${connection} ${frame.readInt32BE(0)}`)) return false;
    if (this.answersToLose === 0) return false;
    this.answersToLose -= 1;
    return true;
  }
}

/** Of version 3 to 8, with one batch of format 2 for one partition. */
function readProduce(frame: Buffer): ProduceSeen {
  let at = 8;
  const text = (): void => {
    const length = frame.readInt16BE(at);
    at += 2 + Math.max(0, length);
  };
  text(); // client id
  text(); // transactional id
  const acks = frame.readInt16BE(at);
  at += 2 + 4 + 4; // acks, time-out, number of topics
  text(); // topic
  at += 4 + 4 + 4; // number of partitions, partition, size
  const batch = frame.subarray(at);
  // Of the batch: base offset 8, length 4, leader epoch 4, format 1, checksum 4, attributes 2, last delta 4, times 16.
  const records = batch.readInt32BE(57);
  return {
    acks,
    producerId: batch.readBigInt64BE(43),
    producerEpoch: batch.readInt16BE(51),
    baseSequence: batch.readInt32BE(53),
    records,
    isKeyed: keysIn(batch.subarray(61), records),
  };
}

/** Of each record: length, attributes 1, time delta, offset delta, length of the key; lengths are zigzag varints. */
function keysIn(bytes: Buffer, records: number): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  for (let i = 0; i < records; i += 1) {
    const end = varint() + at;
    at += 1;
    varint();
    varint();
    if (varint() <= 0) return false;
    at = end;
  }
  return true;
}
