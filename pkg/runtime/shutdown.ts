import { ShutdownTimeout } from './common-errors.ts';

interface Step {
  readonly name: string;
  readonly stop: () => unknown;
}

/** Closes what was opened, in reverse order, within a deadline. */
export class Shutdown {
  readonly #steps: Step[] = [];
  #running: Promise<void> | undefined;

  /** Registers something right after it was opened. */
  add(name: string, stop: Step['stop']): void {
    this.#steps.push({ name, stop });
  }

  /**
   * Stops everything, last opened first; calling it again waits for the same shutdown.
   *
   * @throws {ShutdownTimeout} Naming what had not stopped within `deadlineMs`.
   * @throws The first error of a step, after all steps were tried.
   */
  run(deadlineMs: number): Promise<void> {
    this.#running ??= this.#stopAll(deadlineMs);
    return this.#running;
  }

  async #stopAll(deadlineMs: number): Promise<void> {
    const pending = new Set(this.#steps.map(({ name }) => name));
    const errors: unknown[] = [];
    const work = (async () => {
      for (const { name, stop } of this.#steps.toReversed()) {
        try {
          await stop();
        } catch (error) {
          errors.push(error);
        }
        pending.delete(name);
      }
    })();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, 'late');
    });
    const outcome = await Promise.race([work, timeout]);
    clearTimeout(timer);
    if (outcome === 'late') throw new ShutdownTimeout([...pending]);
    if (errors.length > 0) throw errors[0];
  }
}
