import type { LogRecord, NewRecord, RecordPlace } from '../eventlog/event-log.ts';
import { TRACEPARENT } from '../tracing/trace-context.ts';
import type { Span, Tracer } from '../tracing/tracer.ts';

export interface MessageSpansOptions {
  readonly tracer: Tracer;
  /** What carries the records, as `messaging.system`. */
  readonly system: 'kafka' | 'tradewind';
  /** Consumer group of the station; absent where it only sends. */
  readonly group?: string;
}

/** A record that is being appended, within a recorded trace. */
export interface Sending {
  readonly span: Span;
  /** Position among the records of one append. */
  readonly index: number;
}

/**
 * Spans of records, by the semantic conventions for messaging: a producer's span for each record sent, whose place in the trace the record
 * carries, and a consumer's span under it for each one processed. Only where a trace is recorded.
 */
export class MessageSpans {
  readonly tracer: Tracer;
  readonly #options: MessageSpansOptions;

  constructor(options: MessageSpansOptions) {
    this.tracer = options.tracer;
    this.#options = options;
  }

  /** Begins the work on a record; `undefined` where its trace is not recorded. @param tookUs - When the station was given it. */
  processing(record: LogRecord, tookUs: number): Span | undefined {
    const traceparent = record.headers?.[TRACEPARENT];
    if (traceparent === undefined) return undefined;
    const { topic, partition, offset, key, appendedUs } = record;
    const span = this.tracer.resume(traceparent, `process ${topic}`, { kind: 'consumer', startUs: tookUs });
    span?.set({
      ...this.#about('process', topic),
      ...placeAttributes({ partition, offset }),
      'messaging.kafka.message.key': key,
      'tradewind.symbol': key,
      // How long the record lay in the log.
      ...(appendedUs === undefined ? {} : { 'tradewind.log_wait_us': Math.round(tookUs - appendedUs) }),
    });
    return span;
  }

  /** Begins the sending of a record that comes of this work. */
  sending(work: Span, topic: string, key: string, startUs?: number): Span {
    return work.child(`send ${topic}`, {
      kind: 'producer',
      ...(startUs === undefined ? {} : { startUs }),
      attributes: { ...this.#about('send', topic), 'messaging.kafka.message.key': key },
    });
  }

  #about(operation: 'process' | 'send', topic: string): Record<string, string> {
    const { system, group } = this.#options;
    return {
      'messaging.system': system,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': topic,
      ...(operation === 'send' || group === undefined ? {} : { 'messaging.consumer.group.name': group }),
    };
  }
}

/** Headers of a record, with its place in the trace where that is recorded. */
export function tracedHeaders(
  headers: Readonly<Record<string, string>>,
  sending: Span | undefined,
): NonNullable<NewRecord['headers']> {
  return sending === undefined ? headers : { ...headers, [TRACEPARENT]: sending.traceparent };
}

/** Ends the sending of records that the log has taken. @param places - Of all records of the append. */
export function endSendings(sendings: readonly Sending[], places: readonly RecordPlace[]): void {
  for (const { span, index } of sendings) {
    const place = places[index];
    if (place !== undefined) span.set(placeAttributes(place));
    span.end();
  }
}

const placeAttributes = ({ partition, offset }: RecordPlace) => ({
  'messaging.destination.partition.id': String(partition),
  'messaging.kafka.offset': offset,
});
