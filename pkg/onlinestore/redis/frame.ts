import type { OnlineFeatures } from '../online-store.ts';

/** Offset, time and known time: three big-endian doubles, exact below 2^53, as the script of put-newer.ts reads them. */
const HEADER_BYTES = 24;
const VALUE_BYTES = 8;

/** The stored form of a vector: header, then the values as they lie in memory (little-endian on every machine we run on). */
export function encodeFrame({ offset, timeUs, knownTimeUs, values }: OnlineFeatures): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + values.byteLength);
  frame.writeDoubleBE(offset, 0);
  frame.writeDoubleBE(timeUs, 8);
  frame.writeDoubleBE(knownTimeUs, 16);
  frame.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), HEADER_BYTES);
  return frame;
}

/** @returns `undefined` for bytes that no {@link encodeFrame} wrote: no features are better than wrong ones. */
export function decodeFrame(
  featureSet: string,
  symbol: string,
  frame: Uint8Array,
): OnlineFeatures | undefined {
  const valueBytes = frame.byteLength - HEADER_BYTES;
  if (valueBytes < 0 || valueBytes % VALUE_BYTES !== 0) return undefined;
  const header = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  const [offset, timeUs, knownTimeUs] = [header.getFloat64(0), header.getFloat64(8), header.getFloat64(16)];
  if (![offset, timeUs, knownTimeUs].every(Number.isSafeInteger)) return undefined;
  // A copy: the bytes lie at any address of a buffer that the client shares among replies.
  const values = new Float64Array(valueBytes / VALUE_BYTES);
  new Uint8Array(values.buffer).set(frame.subarray(HEADER_BYTES));
  return { symbol, featureSet, timeUs, knownTimeUs, offset, values };
}
