import { formatTraceparent, parseTraceparent } from './trace-context.ts';
import type { Attributes, Span, SpanOptions, Tracer } from './tracer.ts';

/** A span as a test sees it. */
export interface TestSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Record<string, string | number | boolean>;
  failure?: string;
  isEnded: boolean;
}

/** A tracer that keeps what it is told, in order of beginning. Every trace is recorded that is begun here. */
export class RecordingTracer implements Tracer {
  readonly spans: TestSpan[] = [];
  #ids = 0;

  begin(name: string, options?: SpanOptions): Span {
    this.#ids += 1;
    return this.#open(name, this.#ids.toString(16).padStart(32, '0'), undefined, options);
  }

  resume(traceparent: string | undefined, name: string, options?: SpanOptions): Span | undefined {
    const parent = parseTraceparent(traceparent);
    if (parent === undefined || !parent.isSampled) return undefined;
    return this.#open(name, parent.traceId, parent.spanId, options);
  }

  accept(traceparent: string | undefined, name: string, options?: SpanOptions): Span | undefined {
    return parseTraceparent(traceparent) === undefined
      ? this.begin(name, options)
      : this.resume(traceparent, name, options);
  }

  named(name: string): readonly TestSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** Names from the first span of a trace down to this one. */
  pathOf({ name, parentId }: TestSpan): string {
    const parent = this.spans.find(({ spanId }) => spanId === parentId);
    return parent === undefined ? name : `${this.pathOf(parent)} > ${name}`;
  }

  #open(name: string, traceId: string, parentId: string | undefined, options: SpanOptions = {}): Span {
    this.#ids += 1;
    const spanId = this.#ids.toString(16).padStart(16, '0');
    const kept: TestSpan = { name, traceId, spanId, parentId, attributes: {}, isEnded: false };
    Object.assign(kept.attributes, options.attributes);
    this.spans.push(kept);
    return {
      traceId,
      traceparent: formatTraceparent({ traceId, spanId, isSampled: true }),
      child: (childName, childOptions) => this.#open(childName, traceId, spanId, childOptions),
      set: (attributes: Attributes) => void Object.assign(kept.attributes, attributes),
      fail: (code) => {
        kept.failure = code;
      },
      end: () => {
        if (kept.isEnded) throw new Error(`span ${name} must end once`);
        kept.isEnded = true;
      },
    };
  }
}
