import { TradewindError } from '../runtime/errors.ts';

/**
 * As many pages watch the console as it allows.
 *
 * @remedy Close a page, or wait.
 */
export class ConsoleFull extends TradewindError {
  readonly code = 'ConsoleFull';
  readonly kind = 'exhausted';
  override readonly retryable = true;

  constructor(maxClients: number) {
    super({
      message: `at most ${maxClients} pages may watch the console at once, close one and try again`,
      facts: { maxClients },
    });
  }
}
