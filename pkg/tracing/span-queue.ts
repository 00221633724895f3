import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

/** What became of spans. */
export type SpanOutcome = 'exported' | 'failed' | 'dropped';

export interface SpanQueueOptions {
  readonly exporter: Pick<SpanExporter, 'export'>;
  /** Spans that may wait; more are dropped. */
  readonly maxQueued: number;
  /** Longest that a span waits for others to go with it, milliseconds. */
  readonly intervalMs?: number;
  readonly onOutcome: (outcome: SpanOutcome, spans: number) => void;
  /** Told once when exports begin to fail, and once when they succeed again (`undefined`). */
  readonly onState: (error: Error | undefined) => void;
}

const DEFAULT_INTERVAL_MS = 1000;
/** Spans of one export: writing one holds the event loop, some microseconds for each span. */
const MAX_BATCH = 128;
/** `code` of a result that went well, in the words of the library. */
const SUCCESS = 0;

/**
 * Spans on their way out: bounded, one export at a time, never in the way of the work. What finds no room is dropped and counted; what
 * could not be exported is not tried again, since the exporter has tried for as long as it may.
 */
export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions;
  readonly #intervalMs: number;
  #waiting: ReadableSpan[] = [];
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;
  #isClosed = false;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { maxQueued, onOutcome } = this.#options;
    if (this.#isClosed || this.#waiting.length >= maxQueued) {
      onOutcome('dropped', 1);
      return;
    }
    this.#waiting.push(span);
    this.#arrange();
  }

  /** Exports what waits. */
  async forceFlush(): Promise<void> {
    while (this.#sending !== undefined || this.#waiting.length > 0) {
      this.#send();
      await this.#sending;
    }
  }

  shutdown(): Promise<void> {
    return this.close(0);
  }

  /** Takes no more spans; exports what waits within a deadline, and drops the rest. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.forceFlush(), late]);
    clearTimeout(timer);
    const rest = this.#waiting.splice(0).length;
    if (rest > 0) this.#options.onOutcome('dropped', rest);
  }

  /** Sends now where a batch is full, else in a while. */
  #arrange(): void {
    if (this.#sending !== undefined) return;
    if (this.#waiting.length >= MAX_BATCH) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#send();
      return;
    }
    if (this.#isClosed || this.#waiting.length === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, this.#intervalMs).unref();
  }

  #send(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, MAX_BATCH);
    this.#sending = this.#export(batch).then((error) => {
      this.#sending = undefined;
      this.#options.onOutcome(error === undefined ? 'exported' : 'failed', batch.length);
      if ((error !== undefined) !== this.#isFailing) {
        this.#isFailing = error !== undefined;
        this.#options.onState(error);
      }
      this.#arrange();
    });
  }

  #export(batch: ReadableSpan[]): Promise<Error | undefined> {
    return new Promise((resolve) => {
      try {
        this.#options.exporter.export(batch, (result) => {
          const code: number = result.code;
          resolve(code === SUCCESS ? undefined : (result.error ?? new Error('export failed')));
        });
      } catch (error) {
        resolve(error as Error);
      }
    });
  }
}
