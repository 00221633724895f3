import { z } from 'zod';

import type { SeenAction } from '../rollout/seen.ts';

const actionSchema = z.object({
  type: z.enum(['promote', 'promote-full', 'abort', 'retry', 'pause', 'resume', 'undo']),
  nonce: z.string().min(1).max(64),
  requestedBy: z.string().max(253).optional(),
  toRevision: z.int().positive().optional(),
});

/** What a person asked for, or what is wrong with it. */
export type ParsedAction =
  | { readonly action?: SeenAction; readonly fault?: undefined }
  | { readonly action?: undefined; readonly fault: string };

/** @param text - The annotation; absent where nobody has asked for anything. */
export function parseAction(text: string | undefined): ParsedAction {
  if (text === undefined || text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'must be JSON, such as {"type":"promote","nonce":"1"}' };
  }
  const parsed = actionSchema.safeParse(value);
  if (!parsed.success)
    return {
      fault: parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '),
    };
  const { type, nonce, requestedBy, toRevision } = parsed.data;
  return {
    action: {
      ...{ type, nonce },
      ...(requestedBy === undefined ? {} : { requestedBy }),
      ...(toRevision === undefined ? {} : { toRevision }),
    },
  };
}
