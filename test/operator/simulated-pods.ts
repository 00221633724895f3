import { createServer } from 'node:http';
import { once } from 'node:events';

import type { Pod } from '../../pkg/operator/kinds.ts';
import { sendJson } from '../../pkg/runtime/http.ts';
import type { ContainerState, PodRunner } from './kubelet.ts';
import { reachedAt } from './pod-network.ts';

/** What a pod does with its model. */
export type PodPlay =
  | { readonly kind: 'warm'; readonly digest?: string }
  | { readonly kind: 'fetching' | 'hanging' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }
  | { readonly kind: 'crashing' };

/** Pods that only tell of a model: what each does is the test's to say, by the version that it is to serve. */
export class SimulatedPods {
  readonly #plays = new Map<string, PodPlay>();
  readonly #running = new Set<() => void>();

  /** From now on pods of a version do this, those that there are too. */
  play(digest: string, play: PodPlay): void {
    this.#plays.set(digest, play);
    for (const retell of this.#running) retell();
  }

  readonly run: PodRunner = async (pod, podIp, tell) => {
    const digest = environmentOf(pod)['TRADEWIND_MODEL_DIGEST'] ?? '';
    const play = (): PodPlay => this.#plays.get(digest) ?? { kind: 'warm' };
    const server = createServer((_request, response) => {
      const now = play();
      if (now.kind === 'hanging') return;
      if (now.kind === 'crashing') response.destroy();
      else sendJson(response, 200, { models: [{ name: 'm', digest, state: now.kind, ...now }] });
    });
    server.listen(8080, reachedAt(podIp));
    await once(server, 'listening');
    const retell = (): void => tell(containerOf(play()));
    this.#running.add(retell);
    retell();
    return {
      stop: async () => {
        this.#running.delete(retell);
        if (!server.listening) return;
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      },
    };
  };
}

function containerOf({ kind }: PodPlay): ContainerState {
  return kind === 'crashing'
    ? { isReady: false, restarts: 4, waiting: 'CrashLoopBackOff' }
    : { isReady: kind === 'warm' };
}

/** Values of the environment that a pod gives its container. */
export function environmentOf({ spec }: Pod): Readonly<Record<string, string>> {
  const env = (spec?.containers?.[0]?.env ?? []) as readonly {
    readonly name: string;
    readonly value?: string;
  }[];
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}
