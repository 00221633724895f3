import type { RecordPlace } from '../eventlog/event-log.ts';
import type { MarketEvent } from '../marketdata/events.ts';
import { TRACEPARENT } from '../tracing/trace-context.ts';
import type { Span } from '../tracing/tracer.ts';
import { endSendings, type MessageSpans, type Sending } from './message-spans.ts';

/** The trace of one event at the collector, where all traces of the stream begin. */
interface TickTrace {
  /** The event is not appended. @param reason - Of its quarantine. */
  leaveOut(reason: string | undefined): void;
  /** The event is valid and waits to be appended. @param index - Among those that wait. @returns Headers for its record. */
  append(topic: string, index: number): Readonly<Record<string, string>>;
}

/** Spans of the events at the collector that are sampled: from when an event was taken until the log has it. */
export class TickSpans {
  readonly #spans: MessageSpans;
  /** Of the records that wait for the next append, with the whole way of each. */
  #waiting: (Sending & { readonly root: Span })[] = [];

  constructor(spans: MessageSpans) {
    this.#spans = spans;
  }

  /** @returns `undefined` for an event that is not sampled: nearly all of them. */
  begin({ symbol, kind, source, eventTimeUs }: MarketEvent): TickTrace | undefined {
    const root = this.#spans.tracer.begin('collector.event');
    if (root === undefined) return undefined;
    root.set({
      'tradewind.symbol': symbol,
      'tradewind.event.kind': kind,
      'tradewind.event.source': source,
      'tradewind.event.time_us': eventTimeUs,
    });
    const validation = root.child('collector.validate');
    return {
      leaveOut: (reason) => {
        validation.set({ 'tradewind.rejected': reason ?? 'Known' });
        validation.end();
        root.end();
      },
      append: (topic, index) => {
        validation.end();
        const span = this.#spans.sending(root, topic, symbol);
        this.#waiting.push({ span, index, root });
        return { [TRACEPARENT]: span.traceparent };
      },
    };
  }

  /** The events that waited are in the log. */
  appended(places: readonly RecordPlace[]): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    endSendings(waiting, places);
    for (const { root } of waiting) root.end();
  }
}
