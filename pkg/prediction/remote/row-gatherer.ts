import type { Clock } from '../../runtime/clock.ts';
import type { Span } from '../../tracing/tracer.ts';
import type { ModelOutputs } from '../model-runner.ts';
import { PredictorRefused, PredictorTimeout } from './errors.ts';

/** Sends rows as one request. @param spans - Recorded work that the rows are part of; absent where there is none. */
export type SendRows = (
  features: Float32Array,
  rows: number,
  expiresMs: number,
  spans?: readonly Span[],
) => Promise<ModelOutputs>;

/** Rows of one request that was gathered, at most: as many as a predictor runs at once, and what is beyond may go to another. */
const MAX_ROWS = 32;

interface Waiting {
  readonly features: Float32Array;
  readonly rows: number;
  readonly expiresMs: number;
  readonly span: Span | undefined;
  readonly settled: PromiseWithResolvers<ModelOutputs>;
}

/**
 * Gathers the rows that are asked for in one turn of the event loop into one request: the vectors of a batch cost one message instead
 * of one each. Only requests of like haste go together, for what is gathered is waited for as long as the first of them waits.
 */
export class RowGatherer {
  readonly #send: SendRows;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #waiting: Waiting[] = [];

  constructor(send: SendRows, clock: Pick<Clock, 'monotonicMs'>) {
    this.#send = send;
    this.#clock = clock;
  }

  /** As if the rows were sent alone. Throws what `send` throws. */
  infer(features: Float32Array, rows: number, expiresMs: number, span?: Span): Promise<ModelOutputs> {
    const settled = Promise.withResolvers<ModelOutputs>();
    // After the turn's input has been read, and before the loop sleeps.
    if (this.#waiting.length === 0) setImmediate(() => this.flush());
    this.#waiting.push({ features, rows, expiresMs, span, settled });
    return settled.promise;
  }

  /** Sends what waits, now. */
  flush(): void {
    const nowMs = this.#clock.monotonicMs();
    const waiting = this.#waiting;
    this.#waiting = [];
    // Columns too: a request of another width is wrong, and must be told so alone.
    const groups = Map.groupBy(
      waiting,
      ({ features, rows, expiresMs }) => `${features.length / rows} ${hasteOf(expiresMs - nowMs)}`,
    );
    for (const group of groups.values()) for (const part of partsOf(group)) void this.#sendTogether(part);
  }

  async #sendTogether(group: readonly Waiting[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    if (group.length === 1) {
      this.#send(first.features, first.rows, first.expiresMs, spansOf(group)).then(
        first.settled.resolve,
        first.settled.reject,
      );
      return;
    }
    const rows = group.reduce((sum, one) => sum + one.rows, 0);
    const expiresMs = Math.min(...group.map((one) => one.expiresMs));
    try {
      share(group, rows, await this.#send(join(group), rows, expiresMs, spansOf(group)));
    } catch (error) {
      const nowMs = this.#clock.monotonicMs();
      for (const one of group) {
        if (mayFareBetter(error, one, nowMs)) void this.#sendTogether([one]);
        else one.settled.reject(error);
      }
    }
  }
}

function spansOf(group: readonly Waiting[]): readonly Span[] | undefined {
  let spans: Span[] | undefined;
  for (const { span } of group) if (span !== undefined) (spans ??= []).push(span);
  return spans;
}

/** Alone a request has the time that is left of its own; and it may be another one that the model cannot take. */
function mayFareBetter(error: unknown, { expiresMs }: Waiting, nowMs: number): boolean {
  if (error instanceof PredictorTimeout) return expiresMs - nowMs >= 1;
  return error instanceof PredictorRefused && !error.retryable;
}

/** Times of one power of two: none of them is more than twice another. */
function hasteOf(leftMs: number): number {
  return leftMs < 1 ? -1 : Math.floor(Math.log2(leftMs));
}

/** In their order, each of at most {@link MAX_ROWS} rows or of one request. */
function partsOf(group: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const parts: Waiting[][] = [];
  let rows = Infinity;
  for (const one of group) {
    rows += one.rows;
    if (rows > MAX_ROWS) {
      parts.push([]);
      rows = one.rows;
    }
    parts.at(-1)!.push(one);
  }
  return parts;
}

function join(group: readonly Waiting[]): Float32Array {
  const joined = new Float32Array(group.reduce((sum, { features }) => sum + features.length, 0));
  let at = 0;
  for (const { features } of group) {
    joined.set(features, at);
    at += features.length;
  }
  return joined;
}

/** Gives each its part of the answer. @param all - Rows of the whole group. */
function share(group: readonly Waiting[], all: number, { probabilityUp, members }: ModelOutputs): void {
  const width = members.length / all;
  let row = 0;
  for (const { rows, settled } of group) {
    settled.resolve({
      probabilityUp: probabilityUp.subarray(row, row + rows),
      members: members.subarray(row * width, (row + rows) * width),
    });
    row += rows;
  }
}
