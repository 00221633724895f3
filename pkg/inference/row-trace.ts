import { TradewindError } from '../runtime/errors.ts';
import type { Attributes, Span, Tracer } from '../tracing/tracer.ts';
import type { ServedModel } from './served-model.ts';

type Model = Pick<ServedModel, 'name' | 'version' | 'digest'>;

/** One recorded trace that an inference is part of. */
interface Inference {
  readonly span: Span;
  /** Its queue until the run begins, then the run. */
  part: Span;
}

/**
 * The spans of one inference: how long it waited in the queue, and the run, with the rows that ran together. A message may hold rows of several
 * recorded traces: each has spans of its own, of the same times.
 */
export class RowTrace {
  readonly #inferences: readonly Inference[];

  private constructor(spans: readonly Span[]) {
    this.#inferences = spans.map((span) => ({ span, part: span.child('predictor.queue') }));
  }

  /**
   * Goes on with the traces of a request.
   *
   * @param traceparents - One, or several with commas between them; those that are not recorded, or cannot be read, are left out.
   */
  static ofRequest(
    tracer: Tracer,
    traceparents: string | undefined,
    model: Model,
    rows: number,
  ): RowTrace | undefined {
    if (traceparents === undefined) return undefined;
    const attributes = attributesOf(model, rows);
    const spans = traceparents
      .split(',', MAX_TRACES)
      .flatMap((each) => tracer.resume(each, 'predictor.infer', { kind: 'server', attributes }) ?? []);
    return spans.length === 0 ? undefined : new RowTrace(spans);
  }

  /** Within the work of this process. */
  static within(parent: Span, model: Model, rows: number): RowTrace {
    return new RowTrace([parent.child('predictor.infer', { attributes: attributesOf(model, rows) })]);
  }

  /** The run begins. @param batchRows - Rows that run together. */
  readonly onRun = (batchRows: number): void => {
    for (const inference of this.#inferences) {
      inference.part.end();
      inference.part = inference.span.child('predictor.run', {
        attributes: { 'tradewind.batch.rows': batchRows },
      });
    }
  };

  end(error?: unknown): void {
    for (const { span, part } of this.#inferences) {
      part.end();
      if (error !== undefined) span.fail(error instanceof TradewindError ? error.code : 'Internal');
      span.end();
    }
  }
}

/** Traces of one message at most: as many as rows that a gateway sends together. */
const MAX_TRACES = 32;

function attributesOf({ name, version, digest }: Model, rows: number): Attributes {
  return {
    'tradewind.model': name,
    'tradewind.model.version': version,
    'tradewind.model.digest': digest,
    'tradewind.request.rows': rows,
  };
}
