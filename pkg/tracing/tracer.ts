/** What a span did, in the words of OpenTelemetry. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** Facts of a span by name; names are those of OpenTelemetry's semantic conventions, or begin with `tradewind.`. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** Default `internal`. */
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** UTC microseconds; now where absent. */
  readonly startUs?: number;
}

/** A stretch of work in a recorded trace. What is not recorded has no span at all, so that it costs nothing. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** For what goes on with the work elsewhere. */
  readonly traceparent: string;
  /** Begins a part of this work. */
  child(name: string, options?: SpanOptions): Span;
  set(attributes: Attributes): void;
  /** Says that the work failed. @param code - Stable code of the error. */
  fail(code: string): void;
  /** Ends the work, once; a span that never ends is never told. @param endUs - UTC microseconds; now where absent. */
  end(endUs?: number): void;
}

/** Begins spans, where there is something to record. Stations have none where tracing is off. */
export interface Tracer {
  /** Begins a trace, if it is among those that are sampled. Cheap where it is not. */
  begin(name: string, options?: SpanOptions): Span | undefined;
  /** Goes on with the trace of `traceparent`, if that says so and is recorded; text that cannot be read is ignored. */
  resume(traceparent: string | undefined, name: string, options?: SpanOptions): Span | undefined;
  /** Goes on with the trace of a caller, recorded or not; begins one, if sampled, for callers that have none. */
  accept(traceparent: string | undefined, name: string, options?: SpanOptions): Span | undefined;
}
