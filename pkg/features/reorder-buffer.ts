import type { MarketEvent } from '../marketdata/events.ts';

/** Events that wait for the watermark, in the order in which they will be applied. */
export class ReorderBuffer {
  #events: MarketEvent[] = [];
  /** Index of the first event that still waits. */
  #head = 0;

  /** @returns False where an event of the same identity waits already. Events mostly come in order: the search starts at the end. */
  insert(event: MarketEvent): boolean {
    const events = this.#events;
    let at = events.length;
    while (at > this.#head && compare(events[at - 1]!, event) > 0) at -= 1;
    if (at > this.#head && compare(events[at - 1]!, event) === 0) return false;
    if (at === events.length) events.push(event);
    else events.splice(at, 0, event);
    return true;
  }

  /** @returns The next event before `watermarkUs`, taken out; `undefined` when there is none. */
  takeBefore(watermarkUs: number): MarketEvent | undefined {
    const event = this.#events[this.#head];
    if (event === undefined || event.eventTimeUs >= watermarkUs) return undefined;
    this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }

  /** The waiting events, in order. */
  toState(): readonly MarketEvent[] {
    return this.#events.slice(this.#head);
  }

  static fromState(events: readonly MarketEvent[]): ReorderBuffer {
    const buffer = new ReorderBuffer();
    buffer.#events = [...events];
    return buffer;
  }
}

/** Order of events: by time, then source, then sequence. 0 is equal identity. */
function compare(a: MarketEvent, b: MarketEvent): number {
  if (a.eventTimeUs !== b.eventTimeUs) return a.eventTimeUs - b.eventTimeUs;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  return a.sequence - b.sequence;
}
