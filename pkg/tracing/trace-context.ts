/** Place of a span in its trace, as it travels between processes. @see W3C Trace Context, https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** Whether the trace is recorded. */
  readonly isSampled: boolean;
}

/** Name of the header in records, gRPC metadata and HTTP, and of the parameter of an inference request. */
export const TRACEPARENT = 'traceparent';

/** Length of a traceparent of version 00. */
const LENGTH = 55;
/** Version, trace, span, flags; later versions may have more behind a dash. */
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/;
const SAMPLED = 1;

/** Reads a traceparent. @returns `undefined` for text that is none, which the standard says to ignore. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length < LENGTH) return undefined;
  const [, version, traceId, spanId, flags] = FORM.exec(text) ?? [];
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00' && text.length !== LENGTH) return undefined;
  if (isZero(traceId!) || isZero(spanId!)) return undefined;
  return { traceId: traceId!, spanId: spanId!, isSampled: (Number.parseInt(flags!, 16) & SAMPLED) !== 0 };
}

/** Writes a traceparent of version 00. */
export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

const isZero = (hex: string): boolean => /^0+$/.test(hex);
