import { setTimeout as sleep } from 'node:timers/promises';

import { loadConfig } from '../../runtime/config.ts';
import { fileVersion } from '../../runtime/file-version.ts';
import { TradewindError } from '../../runtime/errors.ts';
import type { ModelTraffic, TrafficSource } from './traffic.ts';
import { trafficSchema } from './traffic-schema.ts';

const POLL_MS = 250;

/**
 * Traffic that a file says, YAML or JSON; read again whenever the file has changed. A change that cannot be used leaves the traffic as
 * it was, and is told.
 */
export class FileTrafficSource implements TrafficSource {
  readonly #file: string;
  readonly #onProblem: (error: TradewindError) => void;
  #isBlind = true;

  constructor(file: string, onProblem: (error: TradewindError) => void) {
    this.#file = file;
    this.#onProblem = onProblem;
  }

  get isBlind(): boolean {
    return this.#isBlind;
  }

  /** @throws {FileUnreadable | ConfigInvalid} At the start; later faults are told and waited out. */
  async follow(signal: AbortSignal, onTraffic: (models: readonly ModelTraffic[]) => void): Promise<void> {
    onTraffic(this.#read());
    this.#isBlind = false;
    let before = await fileVersion(this.#file);
    while (!signal.aborted) {
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      const version = await fileVersion(this.#file);
      if (signal.aborted || version === before) continue;
      before = version;
      try {
        onTraffic(this.#read());
        this.#isBlind = false;
      } catch (error) {
        if (!(error instanceof TradewindError)) throw error;
        this.#isBlind = true;
        this.#onProblem(error);
      }
    }
  }

  #read(): readonly ModelTraffic[] {
    const { models } = loadConfig(trafficSchema, { file: this.#file });
    return models.map((model) => ({
      ...model,
      targets: model.targets.map(({ digest, ...target }) => ({
        ...target,
        ...(digest === undefined ? {} : { digest }),
      })),
    }));
  }
}
