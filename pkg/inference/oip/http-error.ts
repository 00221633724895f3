import type { ServerResponse } from 'node:http';

import { TradewindError } from '../../runtime/errors.ts';
import { beginError, sendJson } from '../../runtime/http.ts';

/** `{error, code}`, the protocol's shape of an error; an error that is not the project's tells nothing of itself. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (error instanceof TradewindError) {
    sendJson(response, beginError(response, error), { error: error.message, code: error.code });
  } else {
    sendJson(response, 500, { error: 'Internal error', code: 'Internal' });
  }
}
