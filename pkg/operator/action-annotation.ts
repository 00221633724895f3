import { z } from 'zod';

import type { SeenAction } from '../rollout/seen.ts';

const actionSchema = z.object({
  type: z.enum(['promote', 'promote-full', 'abort', 'retry', 'pause', 'resume', 'undo']),
  nonce: z.string().min(1).max(64),
  requestedBy: z.string().max(253).optional(),
  toRevision: z.int().positive().optional(),
  uid: z.string().optional(),
});

/** What a person asked for, or what is wrong with it. */
export type ParsedAction =
  | { readonly action?: SeenAction; readonly fault?: undefined }
  | { readonly action?: undefined; readonly fault: string };

/**
 * What was asked of one object is not asked of another that has its annotations, such as one that comes from a backup: nobody knows there that it was
 * done long ago.
 *
 * @param text - The annotation; absent where nobody has asked for anything.
 * @param uid - Of the object, where it has one. A request that names none is meant for whatever carries it.
 */
export function parseAction(text: string | undefined, uid?: string): ParsedAction {
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
  const { type, nonce, requestedBy, toRevision, uid: meant = uid } = parsed.data;
  if (meant !== uid) return {};
  return {
    action: {
      ...{ type, nonce },
      ...(requestedBy === undefined ? {} : { requestedBy }),
      ...(toRevision === undefined ? {} : { toRevision }),
    },
  };
}
