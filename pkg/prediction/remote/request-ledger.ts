/**
 * The requests of one connection that the other side has not answered, by id, at most `max`.
 *
 * A request that nobody waits for any more stays open until its answer comes: it still takes room at the other side. So a server that
 * hangs is full after `max` requests, and gets no more.
 */
export class RequestLedger<T> {
  readonly max: number;
  readonly #open = new Map<string, T>();
  #lastId = 0;

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns The id of the request, unlike any before; `undefined` where the ledger is full. */
  open(request: T): string | undefined {
    if (this.#open.size >= this.max) return undefined;
    this.#lastId += 1;
    const id = this.#lastId.toString(36);
    this.#open.set(id, request);
    return id;
  }

  /** An answer came. @returns Its request; `undefined` where none of that id is open. */
  close(id: string): T | undefined {
    const request = this.#open.get(id);
    this.#open.delete(id);
    return request;
  }

  /** No answer will come any more. @returns What was open, oldest first. */
  closeAll(): readonly T[] {
    const requests = [...this.#open.values()];
    this.#open.clear();
    return requests;
  }
}
