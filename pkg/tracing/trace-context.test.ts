import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatTraceparent, parseTraceparent } from './trace-context.ts';

const hex = (digits: number) =>
  fc
    .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
    .map((bytes) => Buffer.from(bytes).toString('hex'))
    .filter((text) => !/^0+$/.test(text));
const contexts = fc.record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() });

describe('traceparent', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(contexts, (context) => {
        expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
      }),
    );
  });

  it('has no other reading: any change of one character is another context, or none', () => {
    fc.assert(
      fc.property(contexts, fc.nat(54), fc.string({ minLength: 1, maxLength: 1 }), (context, at, other) => {
        const text = formatTraceparent(context);
        fc.pre(text[at] !== other);
        const changed = parseTraceparent(text.slice(0, at) + other + text.slice(at + 1));
        // Version and the flags beside sampled are not kept.
        if (changed !== undefined && (at < 2 || at > 52)) return;
        expect(changed).not.toEqual(context);
      }),
    );
  });

  it('never throws, and gives a valid context or none, whatever the text', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[0-9a-fA-F-]{50,60}$/),
      contexts.map((context) => `${formatTraceparent(context)}-more`),
      contexts.map((context) => formatTraceparent(context).replace(/^00/, 'cc')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const context = parseTraceparent(text);
        if (context === undefined) return;
        expect(context.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
        expect(context.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
      }),
    );
  });

  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const span = '00f067aa0ba902b7';
  it.each([
    ['of a later version, with more behind it', `01-${trace}-${span}-01-what-comes`, true],
    ['with flags that are not known yet', `00-${trace}-${span}-ff`, true],
    ['of a trace that is not recorded', `00-${trace}-${span}-00`, false],
  ])('is read %s', (_, text, isSampled) => {
    expect(parseTraceparent(text)).toEqual({ traceId: trace, spanId: span, isSampled });
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['without flags', `00-${trace}-${span}`],
    ['of the version that is forbidden', `ff-${trace}-${span}-01`],
    ['of version 00 with more behind it', `00-${trace}-${span}-01-more`],
    ['of a later version that goes on without a dash', `01-${trace}-${span}-01more`],
    ['in upper case', `00-${trace.toUpperCase()}-${span}-01`],
    ['of the trace zero', `00-${'0'.repeat(32)}-${span}-01`],
    ['of the span zero', `00-${trace}-${'0'.repeat(16)}-01`],
  ])('is ignored where it is %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});
