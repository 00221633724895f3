import { TradewindError } from '../runtime/errors.ts';
import { listed, shown } from '../runtime/shown.ts';

/**
 * ONNX Runtime does not take the model, or fails to run it.
 *
 * @remedy Check the model with `tradewind models inspect`.
 */
export class ModelFailed extends TradewindError {
  readonly code = 'ModelFailed';
  readonly kind = 'data';
  readonly doing: 'load' | 'run';
  /** What ONNX Runtime says, in one line. */
  readonly why: string;

  constructor(name: string, doing: 'load' | 'run', cause: unknown) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0]! : 'unknown error';
    super({
      message: `model '${name}' must ${doing}, but ONNX Runtime says: ${why}`,
      facts: { model: name },
      cause,
    });
    this.doing = doing;
    this.why = why;
  }
}

/** The worker thread that the model ran on has ended by itself; it is started again, with longer and longer waits. */
export class ModelWorkerLost extends TradewindError {
  readonly code = 'ModelWorkerLost';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(name: string, cause?: unknown) {
    const why = cause instanceof Error ? `: ${cause.message.split('\n', 1)[0]!}` : '';
    super({
      message: `worker of model '${name}' must run, it has ended${why}; it is started again, try again`,
      facts: { model: name },
      cause,
    });
  }
}

/** No source is known for a model of that name. */
export class ModelSourceUnknown extends TradewindError {
  readonly code = 'ModelSourceUnknown';
  readonly kind = 'notFound';

  constructor(name: string, known: readonly string[]) {
    super({
      message: `model must be one of ${listed(known) || '(none)'}, was '${shown(name)}'`,
      facts: { model: shown(name) },
    });
  }
}

/** A model comes from a bare .onnx file: there is no manifest to give. */
export class ManifestAbsent extends TradewindError {
  readonly code = 'ManifestAbsent';
  readonly kind = 'precondition';

  constructor(name: string) {
    super({
      message: `model '${name}' must be served from an artifact to have a manifest, is a bare .onnx file`,
      facts: { model: name },
    });
  }
}

/**
 * More rows wait than the bound.
 *
 * @remedy Send less, give it more threads or workers, or raise the bound.
 */
export class InferenceOverload extends TradewindError {
  readonly code = 'InferenceOverload';
  readonly kind = 'exhausted';
  override readonly retryable = true;

  constructor(maxQueuedRows: number) {
    super({
      message: `rows that wait must be at most ${maxQueuedRows}, try again`,
      facts: { maxQueuedRows },
    });
  }
}

/** The time that a request had was over before it was answered: nobody waits for the answer any more. */
export class RequestExpired extends TradewindError {
  readonly code = 'RequestExpired';
  readonly kind = 'deadline';
  override readonly retryable = true;

  constructor() {
    super({ message: 'request must be answered within its time, took longer' });
  }
}

/** Tensors of a request do not fit the model. */
export class InferenceRequestInvalid extends TradewindError {
  readonly code = 'InferenceRequestInvalid';
  readonly kind = 'usage';

  constructor(message: string) {
    super({ message });
  }
}
