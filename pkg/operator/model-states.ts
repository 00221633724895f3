import { z } from 'zod';

import { getJson, hostOf } from './http-json.ts';
import { HTTP_PORT } from './kinds.ts';

/** What a predictor pod tells of its model. */
export interface PodModelState {
  readonly state: 'fetching' | 'verifying' | 'loading' | 'warm' | 'failed';
  readonly digest?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Asks pods how far their model is. */
export interface ModelStates {
  /** @returns `undefined` where the pod does not answer. */
  ask(podIp: string, signal?: AbortSignal): Promise<PodModelState | undefined>;
}

/** The status of a model has room for a sentence, not for whatever an image says. */
const MAX_TEXT = 1024;
const cut = (text: string): string => text.slice(0, MAX_TEXT);

const answerSchema = z.object({
  models: z
    .array(
      z.object({
        name: z.string().min(1),
        state: z.enum(['fetching', 'verifying', 'loading', 'warm', 'failed']),
        digest: z.string().nullable().optional(),
        reason: z.string().transform(cut).optional(),
        message: z.string().transform(cut).optional(),
      }),
    )
    .min(1),
});

/** By `GET /model-state` of the pod. */
export function httpModelStates(timeoutMs: number): ModelStates {
  return {
    ask: async (podIp, signal) => {
      const url = `http://${hostOf(podIp)}:${HTTP_PORT}/model-state`;
      const parsed = answerSchema.safeParse(await getJson(url, timeoutMs, signal));
      const [first] = parsed.data?.models ?? [];
      if (first === undefined) return undefined;
      const { state, digest, reason, message } = first;
      return {
        state,
        ...(typeof digest === 'string' ? { digest } : {}),
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message }),
      };
    },
  };
}
