import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PoisonMessage, ValueNotEncodable } from './errors.ts';
import { decodeFeatureVector, encodeFeatureVector } from './feature-vector.ts';
import {
  decodeMarketEvent,
  decodeQuarantined,
  encodeMarketEvent,
  encodeQuarantined,
} from './market-event.ts';
import { decodePrediction, encodePrediction } from './prediction.ts';
import { anyFeatureVector, anyMarketEvent, anyPrediction, anyQuarantined } from './messages.testing.ts';

interface Codec {
  readonly name: string;
  readonly any: fc.Arbitrary<object>;
  readonly encode: (value: never) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

const CODECS: readonly Codec[] = [
  { name: 'market event', any: anyMarketEvent, encode: encodeMarketEvent, decode: decodeMarketEvent },
  { name: 'feature vector', any: anyFeatureVector, encode: encodeFeatureVector, decode: decodeFeatureVector },
  { name: 'prediction', any: anyPrediction, encode: encodePrediction, decode: decodePrediction },
  { name: 'quarantined item', any: anyQuarantined, encode: encodeQuarantined, decode: decodeQuarantined },
];

/** Field 1000, a string: one that no version so far knows. */
const UNKNOWN_FIELD = [0xc2, 0x3e, 0x03, 0x61, 0x62, 0x63];

/** What decoding gave: the value, or the error that it threw. */
function outcomeOf(decode: Codec['decode'], bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch (error) {
    return error;
  }
}

describe.each(CODECS)('a $name on the wire', ({ any, encode, decode }) => {
  it('comes back as it was: each kind, absent fields, NaN and -0', () => {
    fc.assert(
      fc.property(any, (value) => {
        // toStrictEqual tells -0 from 0, and an absent field from one that is undefined.
        expect(decode(encode(value as never))).toStrictEqual({ ...value });
      }),
      { numRuns: 1000 },
    );
  });

  it('with a field of a newer version is read by this one', () => {
    fc.assert(
      fc.property(any, (value) => {
        const bytes = Uint8Array.from([...encode(value as never), ...UNKNOWN_FIELD]);
        expect(decode(bytes)).toStrictEqual({ ...value });
      }),
    );
  });

  it('cut off anywhere, or with a wrong byte, is one documented error or another message', () => {
    let poison = 0;
    fc.assert(
      fc.property(any, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (value, at, flip, isCut) => {
        const bytes = encode(value as never).slice();
        const place = at % bytes.length;
        bytes[place] = bytes[place]! ^ flip;
        const outcome = outcomeOf(decode, isCut ? bytes.subarray(0, place) : bytes);
        if (!(outcome instanceof Error)) return;
        expect(outcome).toBeInstanceOf(PoisonMessage);
        poison += 1;
      }),
      { numRuns: 1000 },
    );
    expect(poison).toBeGreaterThan(100);
  });

  it('that is noise is one documented error or a message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const outcome = outcomeOf(decode, bytes);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(PoisonMessage);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what no message can carry', () => {
  const base = { source: 's', symbol: 'ES', sequence: 1, eventTimeUs: 2, receiveTimeUs: 3 };

  it.each([
    ['event_time_us', { ...base, kind: 'heartbeat', eventTimeUs: 0.5 }],
    ['receive_time_us', { ...base, kind: 'heartbeat', receiveTimeUs: Number.NaN }],
    ['sequence', { ...base, kind: 'heartbeat', sequence: 2 ** 53 }],
    [
      'start_time_us',
      { ...base, kind: 'bar', startTimeUs: Infinity, open: 1, high: 1, low: 1, close: 1, volume: 1 },
    ],
    [
      'last_update_id',
      {
        ...base,
        kind: 'bookSnapshot',
        lastUpdateId: 1.5,
        bids: new Float64Array(0),
        asks: new Float64Array(0),
      },
    ],
  ] as const)('is refused with its name: %s', (field, event) => {
    expect(() => encodeMarketEvent(event)).toThrow(
      expect.objectContaining({
        code: 'ValueNotEncodable',
        facts: expect.objectContaining({ field }) as object,
      }),
    );
  });

  it('is refused in every other message too', () => {
    fc.assert(
      fc.property(anyFeatureVector, anyPrediction, anyQuarantined, (vector, prediction, item) => {
        expect(() => encodeFeatureVector({ ...vector, timeUs: 0.5 })).toThrow(ValueNotEncodable);
        expect(() => encodePrediction({ ...prediction, predictedTimeUs: 0.5 })).toThrow(ValueNotEncodable);
        expect(() => encodeQuarantined({ ...item, receiveTimeUs: 0.5 })).toThrow(ValueNotEncodable);
      }),
    );
  });
});

describe('messages that mean nothing', () => {
  it.each([
    ['an event of no kind', decodeMarketEvent, []],
    ['a price without a size', decodeMarketEvent, [0x6a, 0x0b, 0x12, 0x09, 0x11, 0, 0, 0, 0, 0, 0, 0, 0]],
    [
      'a time beyond 2^53',
      decodeMarketEvent,
      [0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x7a, 0x00],
    ],
    ['a vector without its bar', decodeFeatureVector, []],
    ['a prediction without its numbers', decodePrediction, [0x38, 0x01]],
    ['a prediction without a recommendation', decodePrediction, []],
  ])('are refused: %s', (_, decode, bytes) => {
    expect(() => decode(Uint8Array.from(bytes))).toThrow(PoisonMessage);
  });
});
