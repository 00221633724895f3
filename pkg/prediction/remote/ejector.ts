import type { Clock } from '../../runtime/clock.ts';
import { afterProbe, afterRequest, type EjectionSettings, mayEject, UNBLEMISHED } from './ejection.ts';
import type { Endpoint } from './endpoint.ts';

export interface EjectorOptions {
  readonly settings: EjectionSettings;
  /** Longest that a probe may take. */
  readonly probeTimeoutMs: number;
  readonly clock: Clock;
  /** All endpoints, of which only a share may be ejected. */
  readonly endpoints: () => readonly Endpoint[];
  readonly onChange: (endpoint: Endpoint, isEjected: boolean) => void;
}

/** Takes endpoints that fail out of the traffic, and back once they answer a probe. */
export class Ejector {
  readonly #options: EjectorOptions;
  readonly #probes = new Map<Endpoint, NodeJS.Timeout>();

  constructor(options: EjectorOptions) {
    this.#options = options;
  }

  /** A request to the endpoint was answered (`isGood`) or not. */
  judge(endpoint: Endpoint, isGood: boolean): void {
    const before = endpoint.ejection;
    if (isGood && before.failures === 0) return;
    const { settings, clock, endpoints, onChange } = this.#options;
    const all = endpoints();
    const ejected = all.filter(({ ejection }) => ejection.untilMs !== undefined).length;
    const isAllowed = mayEject(ejected, all.length, settings);
    endpoint.ejection = afterRequest(before, isGood, isAllowed, clock.monotonicMs(), settings);
    if (endpoint.ejection.untilMs === undefined || before.untilMs !== undefined) return;
    onChange(endpoint, true);
    this.#probeLater(endpoint);
  }

  /** The endpoint is another one now, or gone: what was known of it says nothing any more. */
  forget(endpoint: Endpoint): void {
    clearTimeout(this.#probes.get(endpoint));
    this.#probes.delete(endpoint);
    const wasEjected = endpoint.ejection.untilMs !== undefined;
    endpoint.ejection = UNBLEMISHED;
    if (wasEjected) this.#options.onChange(endpoint, false);
  }

  #probeLater(endpoint: Endpoint): void {
    const waitMs = (endpoint.ejection.untilMs ?? 0) - this.#options.clock.monotonicMs();
    const probe = (): void => void this.#probe(endpoint);
    this.#probes.set(endpoint, setTimeout(probe, Math.max(0, waitMs)));
  }

  /** Asks for a row of zeros, so that no caller's request is at risk. */
  async #probe(endpoint: Endpoint): Promise<void> {
    const { settings, probeTimeoutMs, clock, onChange } = this.#options;
    const timer = this.#probes.get(endpoint);
    const columns = endpoint.revision?.manifest.contract.features.length ?? 0;
    const isGood = await endpoint
      .infer(new Float32Array(columns), 1, clock.monotonicMs() + probeTimeoutMs)
      .then(
        () => true,
        () => false,
      );
    if (timer !== this.#probes.get(endpoint)) return;
    endpoint.ejection = afterProbe(endpoint.ejection, isGood, clock.monotonicMs(), settings);
    if (!isGood) this.#probeLater(endpoint);
    else {
      this.#probes.delete(endpoint);
      onChange(endpoint, false);
    }
  }
}
