import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, frame, FramingInvalid, MessageTooLarge } from './frame-reader.ts';
import { parseTimeoutMs } from './timeout.ts';

/** A frame whose flag says that it is compressed. */
function compressed(bytes: Uint8Array): Buffer {
  const framed = frame(bytes);
  framed[0] = 1;
  return framed;
}

describe('frame reader', () => {
  it('gives back every message, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(messages.map((message) => frame(message)));
          const reader = new FrameReader(300, undefined);
          const read: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const end = at + (cuts[i % cuts.length] ?? 1);
            read.push(...reader.read(bytes.subarray(at, end)));
            at = end;
          }
          expect(read.map((each) => [...each])).toEqual(messages.map((each) => [...each]));
          expect(reader.isEmpty).toBe(true);
        },
      ),
    );
  });

  it('refuses a message above the limit before it has arrived', () => {
    const head = frame(Buffer.alloc(101)).subarray(0, 5);
    expect(() => new FrameReader(100, undefined).read(head)).toThrow(MessageTooLarge);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('decompresses %s, up to the limit', (encoding, compress) => {
    const message = Buffer.alloc(100_000, 7);
    const framed = compressed(compress(message));
    expect(new FrameReader(100_000, encoding).read(framed)).toEqual([message]);
    expect(() => new FrameReader(99_999, encoding).read(framed)).toThrow(MessageTooLarge);
    expect(() => new FrameReader(100, encoding).read(compressed(Buffer.from('junk')))).toThrow(
      FramingInvalid,
    );
  });

  it('refuses an encoding that it does not know', () => {
    const framed = compressed(Buffer.from('x'));
    expect(() => new FrameReader(100, 'snappy').read(framed)).toThrow(FramingInvalid);
    expect(() => new FrameReader(100, undefined).read(framed)).toThrow(FramingInvalid);
  });
});

describe('timeout header', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['4m', 4],
    ['500u', 0.5],
    ['99999999n', 99.999999],
    ['99999999H', 2 ** 31 - 1],
  ])('%s is %d ms', (header, ms) => {
    expect(parseTimeoutMs(header)).toBeCloseTo(ms, 9);
  });

  it.each(['', '5', 'm', '-1m', '1.5S', '123456789m', '1s'])("refuses '%s'", (header) => {
    expect(() => parseTimeoutMs(header)).toThrow(FramingInvalid);
  });
});
