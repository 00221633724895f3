import type { Clock } from '../../runtime/clock.ts';
import { afterProbe, afterRequest, type EjectionSettings, mayEject, UNBLEMISHED } from './ejection.ts';
import type { Endpoint } from './endpoint.ts';
import { PredictorTimeout } from './errors.ts';

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

  /** The endpoint is ready: if it is ejected and its time is over, that is tried now. */
  ready(endpoint: Endpoint): void {
    const { untilMs } = endpoint.ejection;
    if (untilMs !== undefined && untilMs <= this.#options.clock.monotonicMs()) this.#probeLater(endpoint);
  }

  /** The endpoint is gone. */
  forget(endpoint: Endpoint): void {
    clearTimeout(this.#probes.get(endpoint));
    this.#probes.delete(endpoint);
    endpoint.ejection = UNBLEMISHED;
  }

  #probeLater(endpoint: Endpoint): void {
    clearTimeout(this.#probes.get(endpoint));
    const waitMs = (endpoint.ejection.untilMs ?? 0) - this.#options.clock.monotonicMs();
    const probe = (): void => void this.#probe(endpoint);
    this.#probes.set(endpoint, setTimeout(probe, Math.max(0, waitMs)));
  }

  /** Asks for a row of zeros, so that no caller's request is at risk. One that is not ready is asked once it is. */
  async #probe(endpoint: Endpoint): Promise<void> {
    const { settings, probeTimeoutMs, clock, onChange } = this.#options;
    const { revision } = endpoint;
    if (revision === undefined) return;
    const timer = this.#probes.get(endpoint);
    const zeros = new Float32Array(revision.manifest.contract.features.length);
    const failure = await endpoint.infer(zeros, 1, clock.monotonicMs() + probeTimeoutMs).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (timer !== this.#probes.get(endpoint)) return;
    const isGood = failure === undefined;
    endpoint.ejection = afterProbe(endpoint.ejection, isGood, clock.monotonicMs(), settings);
    if (isGood) {
      this.#probes.delete(endpoint);
      onChange(endpoint, false);
      return;
    }
    this.#probeLater(endpoint);
    // Answers come in order: behind one that never comes a stream is stuck for good.
    if (failure instanceof PredictorTimeout) endpoint.reconnect();
  }
}
