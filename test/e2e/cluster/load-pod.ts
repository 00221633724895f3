import { readFileSync } from 'node:fs';

import { eventually } from '../../support/eventually.ts';
import type { Programs } from './programs.ts';
import { nodePod } from './node-pod.ts';

/** What callers inside the cluster were told. */
export interface LoadCounts {
  readonly sent: number;
  readonly answered: number;
  readonly abstained: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  /** Predictions by the revision that made them. */
  readonly revisions: Readonly<Record<string, number>>;
}

const NAME = 'load';

const predictionsOf = ({ revisions }: LoadCounts): number =>
  Object.values(revisions).reduce((sum, count) => sum + count, 0);

/** A pod that asks the gateways for predictions until it is stopped. */
export class LoadPod {
  readonly #programs: Programs;

  private constructor(programs: Programs) {
    this.#programs = programs;
  }

  static async start(
    programs: Programs,
    {
      image,
      address,
      model,
      symbols,
      perSecond,
    }: {
      readonly image: string;
      readonly address: string;
      readonly model: string;
      readonly symbols: readonly string[];
      readonly perSecond: number;
    },
  ): Promise<LoadPod> {
    const script = readFileSync(new URL('load-client.mjs', import.meta.url), 'utf8');
    await programs.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data: { 'load-client.mjs': script } },
      nodePod(
        NAME,
        image,
        ['/load/load-client.mjs', address, model, symbols.join(), String(perSecond), '1800'],
        {
          volumes: [{ name: 'script', configMap: { name: NAME } }],
          volumeMounts: [{ name: 'script', mountPath: '/load' }],
        },
      ),
    );
    const pod = new LoadPod(programs);
    await eventually(async () => predictionsOf(await pod.counts()) > 0, 120_000, 500);
    return pod;
  }

  /** What became of the predictions so far. */
  async counts(): Promise<LoadCounts> {
    const logged = await this.#programs.kubectl(['logs', NAME, '--tail=1']).catch(() => '');
    const none: LoadCounts = { sent: 0, answered: 0, abstained: {}, failures: {}, revisions: {} };
    return logged.trim().startsWith('{') ? (JSON.parse(logged) as LoadCounts) : none;
  }

  /** Waits for so many more predictions; abstentions are none. */
  async predictions(more: number): Promise<LoadCounts> {
    const wanted = predictionsOf(await this.counts()) + more;
    return eventually(
      async () => {
        const counts = await this.counts();
        return predictionsOf(counts) >= wanted && counts;
      },
      120_000,
      500,
    );
  }

  async stop(): Promise<void> {
    await this.#programs.kubectl(['delete', 'pod', NAME, '--wait=true', '--ignore-not-found']);
  }
}
