import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Running, startCli } from '../support/cli.ts';
import type { PodRunner } from './kubelet.ts';
import { reachedAt } from './pod-network.ts';
import { environmentOf } from './simulated-pods.ts';

const PROBE_MS = 100;
/** Starts after which the kubelet takes its time. */
const LOOPING = 5;

/** Pods that run the predictor process with the environment of the pod, at an address of their own. */
export class RealPods {
  readonly #running = new Map<string, Set<Running>>();
  readonly #logs: string[] = [];

  constructor() {
    process.once('exit', () => {
      for (const one of this.#running.values()) for (const { child } of one) child.kill('SIGKILL');
    });
  }

  /** Kills the predictors of a digest. @returns How many there were. */
  kill(digest: string): number {
    const found = [...(this.#running.get(digest) ?? [])];
    for (const { child } of found) child.kill('SIGKILL');
    return found.length;
  }

  /** What predictors logged that have ended. */
  get logs(): string {
    return this.#logs.join('\n');
  }

  readonly run: PodRunner = async (pod, podIp, tell) => {
    const environment = environmentOf(pod);
    const digest = environment['TRADEWIND_MODEL_DIGEST'] ?? '';
    const cache = mkdtempSync(join(tmpdir(), 'tradewind-pod-'));
    const host = reachedAt(podIp);
    const env = {
      ...environment,
      // Every pod has every address of this machine: its own is what tells it from others.
      ...{ TRADEWIND_GRPC_HOST: host, TRADEWIND_HTTP_HOST: host },
      TRADEWIND_ARTIFACT_CACHE_DIR: cache,
    };
    const ofDigest = this.#running.get(digest) ?? new Set();
    this.#running.set(digest, ofDigest);
    let isStopping = false;
    let restarts = 0;
    let isReady = false;
    let running: Running | undefined;
    const probe = setInterval(() => {
      void fetch(`http://${host}:8080/readyz`, { signal: AbortSignal.timeout(2000) })
        .then(
          ({ ok }) => ok,
          () => false,
        )
        .then((ok) => {
          if (isStopping || ok === isReady) return;
          isReady = ok;
          tell({ isReady, restarts });
        });
    }, PROBE_MS);
    const supervise = async (): Promise<void> => {
      while (!isStopping) {
        running = startCli(['service', 'predictor'], env);
        ofDigest.add(running);
        const { stderr } = await running.finished;
        ofDigest.delete(running);
        this.#logs.push(stderr.slice(-2000));
        if (isStopping) return;
        restarts += 1;
        isReady = false;
        tell({ isReady, restarts, ...(restarts >= LOOPING ? { waiting: 'CrashLoopBackOff' } : {}) });
      }
    };
    const supervised = supervise();
    return {
      stop: async () => {
        isStopping = true;
        clearInterval(probe);
        running?.child.kill('SIGTERM');
        await supervised;
        rmSync(cache, { recursive: true, force: true });
      },
    };
  };
}
