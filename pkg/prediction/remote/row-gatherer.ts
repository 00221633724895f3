import type { Clock } from '../../runtime/clock.ts';
import type { ModelOutputs } from '../model-runner.ts';
import { PredictorRefused } from './errors.ts';

/** Sends rows as one request. */
export type SendRows = (features: Float32Array, rows: number, expiresMs: number) => Promise<ModelOutputs>;

/** Rows of one request that was gathered, at most: as many as a predictor runs at once, and what is beyond may go to another. */
const MAX_ROWS = 32;

interface Waiting {
  readonly features: Float32Array;
  readonly rows: number;
  readonly expiresMs: number;
  readonly settled: PromiseWithResolvers<ModelOutputs>;
}

/**
 * Gathers the rows that are asked for in one turn of the event loop into one request: the vectors of a batch cost one message instead
 * of one each. Only requests of like haste go together, for what is gathered ends with the first of them.
 */
export class RowGatherer {
  readonly #send: SendRows;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #waiting: Waiting[] = [];

  constructor(send: SendRows, clock: Pick<Clock, 'monotonicMs'>) {
    this.#send = send;
    this.#clock = clock;
  }

  /** The same as sending the rows alone, and fails with the same errors. */
  infer(features: Float32Array, rows: number, expiresMs: number): Promise<ModelOutputs> {
    const settled = Promise.withResolvers<ModelOutputs>();
    // After the turn's input has been read, and before the loop sleeps.
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push({ features, rows, expiresMs, settled });
    return settled.promise;
  }

  #flush(): void {
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
      this.#send(first.features, first.rows, first.expiresMs).then(
        first.settled.resolve,
        first.settled.reject,
      );
      return;
    }
    const rows = group.reduce((sum, one) => sum + one.rows, 0);
    const expiresMs = Math.min(...group.map((one) => one.expiresMs));
    try {
      share(group, rows, await this.#send(join(group), rows, expiresMs));
    } catch (error) {
      // It may be one of them that the model cannot take: the others are not to fail for it.
      if (error instanceof PredictorRefused && !error.retryable)
        for (const one of group) void this.#sendTogether([one]);
      else for (const { settled } of group) settled.reject(error);
    }
  }
}

/** Equal for times within a factor of two of one another. */
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
