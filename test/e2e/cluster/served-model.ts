import type { TradingModelStatus } from '../../../pkg/tradingmodel/status.ts';
import { eventually } from '../../support/eventually.ts';
import type { Programs } from './programs.ts';

/** A TradingModel of the cluster, as its status and its autoscalers tell it. */
export class ServedModel {
  readonly #programs: Programs;
  readonly #name: string;

  constructor(programs: Programs, name: string) {
    this.#programs = programs;
    this.#name = name;
  }

  async status(): Promise<TradingModelStatus> {
    return (await this.#programs.json(['get', 'tradingmodel', this.#name])).status ?? {};
  }

  /** Waits until a version has all traffic and nothing is on its way. */
  async untilStable(version: string, withinMs: number): Promise<void> {
    await eventually(
      async () => {
        const status = await this.status();
        return status.updateRevision === undefined && versionOf(status, status.stableRevision) === version;
      },
      withinMs,
      500,
    ).catch(async (error: unknown) => {
      const status = JSON.stringify(await this.status(), null, 1);
      throw new Error(`must be stable at ${version}, was ${status}`, { cause: error });
    });
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it knows to be there
  async autoscalers(): Promise<readonly any[]> {
    return (await this.#programs.json(['get', 'horizontalpodautoscalers'])).items;
  }

  /** That of the stable revision. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the same
  async autoscaler(): Promise<any> {
    const { stableRevision } = await this.status();
    return (await this.autoscalers()).find(({ metadata }) => metadata.name === stableRevision);
  }
}

/** Version of a revision; empty where the status has none of that name. */
export function versionOf({ revisions }: TradingModelStatus, revision: string | undefined): string {
  return revisions?.find(({ name }) => name === revision)?.version ?? '';
}
