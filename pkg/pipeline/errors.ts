import { TradewindError } from '../runtime/errors.ts';

/** Another collector has begun the stream that this one collects: only the newest goes on. */
export class StreamTaken extends TradewindError {
  readonly code = 'StreamTaken';
  readonly kind = 'precondition';

  constructor(stream: string) {
    super({
      message: `a stream must have one collector at a time, but another has begun '${stream}' since`,
      facts: { stream },
    });
  }
}
