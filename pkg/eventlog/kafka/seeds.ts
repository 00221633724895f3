/**
 * The order in which brokers are asked first, shared by all links of a log. kafkajs begins with the first of its list each
 * time it starts from nothing, and stays with one that takes connections and never answers: so that one goes to the end.
 */
export class Seeds {
  #brokers: readonly string[];

  /** @param brokers - `host:port` of one at least. */
  constructor(brokers: readonly string[]) {
    this.#brokers = brokers;
  }

  /** All, the one to begin with first. */
  get brokers(): readonly string[] {
    return this.#brokers;
  }

  /** Begins with another from now on; several links may have met the same. @param first - That failed. */
  avoid(first: string): void {
    if (this.#brokers[0] === first) this.#brokers = [...this.#brokers.slice(1), first];
  }
}
