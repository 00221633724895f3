/**
 * Lets one worker be held at its own safe points. `close` resolves when the worker waits at the gate, is idle, or is
 * outside; the worker cannot go on until `open`.
 */
export class Gate {
  #closed = false;
  #inside = false;
  #idle = false;
  #waiting = false;
  #onStill: (() => void)[] = [];
  #onOpen: (() => void)[] = [];

  /** The worker starts, once the gate is open. */
  async enter(): Promise<void> {
    await this.pass();
    this.#inside = true;
  }

  /** The worker has ended: it stands still for good. */
  leave(): void {
    this.#inside = false;
    this.#settle();
  }

  /** A safe point: goes through at once when the gate is open. */
  async pass(): Promise<void> {
    while (this.#closed) {
      this.#waiting = true;
      this.#settle();
      await new Promise<void>((resolve) => this.#onOpen.push(resolve));
      this.#waiting = false;
    }
  }

  /** Waits for something at a safe point, which counts as standing still; then passes. */
  async idle(wait: Promise<unknown>): Promise<void> {
    this.#idle = true;
    this.#settle();
    await wait;
    this.#idle = false;
    await this.pass();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#isStill()) await new Promise<void>((resolve) => this.#onStill.push(resolve));
  }

  open(): void {
    this.#closed = false;
    for (const wake of this.#onOpen.splice(0)) wake();
  }

  #isStill(): boolean {
    return !this.#inside || this.#idle || this.#waiting;
  }

  #settle(): void {
    if (!this.#closed || !this.#isStill()) return;
    for (const wake of this.#onStill.splice(0)) wake();
  }
}
