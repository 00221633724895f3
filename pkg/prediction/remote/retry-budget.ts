/**
 * Bounds how many requests are tried a second time: each request earns a share of a retry, each retry costs one. When much
 * fails, the load grows by that share at most, where unbounded retries would double it just then.
 *
 * @see The retry budget of Finagle, and "Handling Overload" in Beyer et al. (2016), Site Reliability Engineering.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #capacity: number;
  #balance: number;

  /**
   * @param share - Retries per request in the long run, in [0, 1].
   * @param capacity - Retries that can be saved up, >= 0; so many are there at first. A lost connection needs as many as it
   *   had requests in flight.
   */
  constructor(share: number, capacity: number) {
    this.#share = share;
    this.#capacity = capacity;
    this.#balance = capacity;
  }

  /** A request was sent for the first time. */
  earn(): void {
    this.#balance = Math.min(this.#capacity, this.#balance + this.#share);
  }

  /** @returns Whether one request may be sent again; then it is paid for. */
  spend(): boolean {
    if (this.#balance < 1) return false;
    this.#balance -= 1;
    return true;
  }
}
