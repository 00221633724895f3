import { createServer } from 'node:http';
import { once } from 'node:events';

import type { Pod } from '../../pkg/operator/kinds.ts';
import type { RpcServer } from '../../pkg/rpc/server.ts';
import { sendJson } from '../../pkg/runtime/http.ts';
import type { ContainerState, PodRunner } from './kubelet.ts';
import { reachedAt } from './pod-network.ts';
import { isSimulated, startSimulatedPredictor } from './simulated-model.ts';

/** For what is in flight in a pod that ends. */
const STOP_MS = 5000;

/** What a pod does with its model. */
export type PodPlay =
  | { readonly kind: 'warm'; readonly digest?: string }
  | { readonly kind: 'fetching' | 'hanging' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }
  | { readonly kind: 'crashing' };

/** Pods whose model is no more than its manifest: what each does is the test's to say, by the version that it is to serve. */
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
    const host = reachedAt(podIp);
    server.listen(8080, host);
    await once(server, 'listening');
    const predictor = new Predictor(host, digest);
    // One change after the other: what is Ready answers.
    let changing = Promise.resolve();
    const retell = (): void => {
      changing = changing.then(async () => {
        const now = play();
        await predictor.set(now.kind === 'warm' && (now.digest ?? digest) === digest && isSimulated(digest));
        tell(containerOf(now));
      });
    };
    this.#running.add(retell);
    retell();
    return {
      stop: async () => {
        this.#running.delete(retell);
        await changing;
        await predictor.set(false);
        if (!server.listening) return;
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      },
    };
  };
}

/** The predictor of a pod, while there is one. */
class Predictor {
  readonly #host: string;
  readonly #digest: string;
  #server: RpcServer | undefined;

  constructor(host: string, digest: string) {
    this.#host = host;
    this.#digest = digest;
  }

  /** Starts it, or lets it answer what it has and end. */
  async set(isServing: boolean): Promise<void> {
    if (isServing) this.#server ??= await startSimulatedPredictor(this.#host, this.#digest);
    else {
      await this.#server?.stop(STOP_MS);
      this.#server = undefined;
    }
  }
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
