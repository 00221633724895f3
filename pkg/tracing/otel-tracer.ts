import {
  type Context,
  type HrTime,
  type Span as OtelSpan,
  type Tracer as OtelTracing,
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';

import type { Clock } from '../runtime/clock.ts';
import { formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts';
import type { Attributes, Span, SpanKind, SpanOptions, Tracer } from './tracer.ts';

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

export interface OtelTracerOptions {
  /** Records all that it is asked for: what is asked for is decided here. */
  readonly tracing: OtelTracing;
  readonly clock: Pick<Clock, 'nowUs'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Share of new traces that are recorded. */
  readonly sampleRatio: number;
}

/** Spans of the OpenTelemetry SDK, with the times of the process's own clock: those of the SDK are whole milliseconds at their start. */
export class OtelTracer implements Tracer {
  readonly #options: OtelTracerOptions;

  constructor(options: OtelTracerOptions) {
    this.#options = options;
  }

  begin(name: string, options?: SpanOptions): Span | undefined {
    const { random, sampleRatio } = this.#options;
    // Before anything is made: most events are not recorded, and there may be 100,000 of them in a second.
    if (random() >= sampleRatio) return undefined;
    return new RecordedSpan(this.#options, name, ROOT_CONTEXT, options);
  }

  resume(traceparent: string | undefined, name: string, options?: SpanOptions): Span | undefined {
    return this.#under(parseTraceparent(traceparent), name, options);
  }

  accept(traceparent: string | undefined, name: string, options?: SpanOptions): Span | undefined {
    const parent = parseTraceparent(traceparent);
    return parent === undefined ? this.begin(name, options) : this.#under(parent, name, options);
  }

  #under(parent: TraceContext | undefined, name: string, options?: SpanOptions): Span | undefined {
    if (parent === undefined || !parent.isSampled) return undefined;
    const { traceId, spanId } = parent;
    const context = trace.setSpanContext(ROOT_CONTEXT, {
      ...{ traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true },
    });
    return new RecordedSpan(this.#options, name, context, options);
  }
}

class RecordedSpan implements Span {
  readonly #options: OtelTracerOptions;
  readonly #span: OtelSpan;

  constructor(tracer: OtelTracerOptions, name: string, parent: Context, options: SpanOptions = {}) {
    const { kind = 'internal', attributes, startUs } = options;
    this.#options = tracer;
    this.#span = tracer.tracing.startSpan(
      name,
      {
        kind: KINDS[kind],
        startTime: hrTimeOf(startUs ?? tracer.clock.nowUs()),
        ...(attributes === undefined ? {} : { attributes }),
      },
      parent,
    );
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.#span.spanContext();
    return formatTraceparent({ traceId, spanId, isSampled: true });
  }

  child(name: string, options?: SpanOptions): Span {
    return new RecordedSpan(this.#options, name, trace.setSpan(ROOT_CONTEXT, this.#span), options);
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(code: string): void {
    this.#span.setAttribute('error.type', code);
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(endUs: number = this.#options.clock.nowUs()): void {
    this.#span.end(hrTimeOf(endUs));
  }
}

function hrTimeOf(timeUs: number): HrTime {
  const seconds = Math.floor(timeUs / 1_000_000);
  return [seconds, Math.round((timeUs - seconds * 1_000_000) * 1000)];
}
