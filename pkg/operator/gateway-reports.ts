import type { Clock } from '../runtime/clock.ts';
import { type ControllersReport, readReport } from './gateway-report.ts';
import { getJson, hostOf } from './http-json.ts';

/** A gateway as the API server knows it. */
export interface GatewayAddress {
  readonly ip: string;
  readonly httpPort: number;
  /** Clients reach it. */
  readonly isReady: boolean;
}

/** A gateway and what it told; `undefined` where it does not answer. */
export interface GatewayAnswer {
  readonly address: GatewayAddress;
  readonly report: ControllersReport | undefined;
}

export interface GatewayReportsOptions {
  readonly addresses: () => readonly GatewayAddress[];
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Told of what a gateway answers that is no report, or has a model that cannot be read; not of one that does not answer. */
  readonly onProblem?: (address: GatewayAddress, problem: string) => void;
  /** An answer so young is given again: many models ask about the same gateways. */
  readonly maxAgeMs: number;
}

/** What all gateways tell, asked at once and kept for a moment. */
export class GatewayReports {
  readonly #options: GatewayReportsOptions;
  #asked:
    | { readonly atMs: number; readonly key: string; readonly answers: Promise<readonly GatewayAnswer[]> }
    | undefined;

  constructor(options: GatewayReportsOptions) {
    this.#options = options;
  }

  read(): Promise<readonly GatewayAnswer[]> {
    const { addresses, clock, maxAgeMs } = this.#options;
    const found = addresses();
    const key = JSON.stringify(found);
    const nowMs = clock.monotonicMs();
    if (this.#asked === undefined || this.#asked.key !== key || nowMs - this.#asked.atMs > maxAgeMs)
      this.#asked = { atMs: nowMs, key, answers: this.#ask(found) };
    return this.#asked.answers;
  }

  #ask(addresses: readonly GatewayAddress[]): Promise<readonly GatewayAnswer[]> {
    return Promise.all(
      addresses.map(async (address) => {
        const url = `http://${hostOf(address.ip)}:${address.httpPort}/revisions`;
        const answer = await getJson(url, this.#options.timeoutMs);
        const { onProblem } = this.#options;
        const report =
          answer === undefined ? undefined : readReport(answer, (problem) => onProblem?.(address, problem));
        return { address, report };
      }),
    );
  }
}
