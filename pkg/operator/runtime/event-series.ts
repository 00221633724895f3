/** What an event is about and says: two that agree in all of it are one that has happened twice. */
export interface EventIdentity {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
  };
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, stable, at most 128 characters: why it happened. */
  readonly reason: string;
  /** CamelCase, stable, at most 128 characters: what was done. */
  readonly action: string;
}

/** An event that goes on happening. */
export interface Series {
  readonly count: number;
  readonly lastUs: number;
}

/** What to do about one more happening. */
export type SeriesStep =
  /** It is the first: write it. */
  | { readonly kind: 'first' }
  /** It was written before: count it, and write the count from time to time. */
  | { readonly kind: 'again'; readonly count: number; readonly isDue: boolean };

interface Entry {
  count: number;
  lastUs: number;
  writtenUs: number;
  isWritten: boolean;
}

/** Which happenings are one event. At most so many are remembered; the one that was quiet for longest is forgotten first. */
export class EventSeries {
  /** Events that are remembered at most. */
  readonly max: number;
  readonly #quietUs: number;
  readonly #everyUs: number;
  readonly #entries = new Map<string, Entry>();

  /**
   * @param quietSeconds - Seconds without a happening that end a series: the next is a first one again.
   * @param everySeconds - Seconds between two writes of a count.
   */
  constructor({ max = 1000, quietSeconds = 360, everySeconds = 30 } = {}) {
    this.max = max;
    this.#quietUs = quietSeconds * 1e6;
    this.#everyUs = everySeconds * 1e6;
  }

  /** Takes in one happening. */
  happened(event: EventIdentity, nowUs: number): SeriesStep {
    const key = keyOfEvent(event);
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    if (known === undefined || nowUs - known.lastUs > this.#quietUs) {
      this.#entries.set(key, { count: 1, lastUs: nowUs, writtenUs: nowUs, isWritten: true });
      const [oldest] = this.#entries.keys();
      if (this.#entries.size > this.max && oldest !== undefined) this.#entries.delete(oldest);
      return { kind: 'first' };
    }
    known.count += 1;
    known.lastUs = nowUs;
    const isDue = nowUs - known.writtenUs >= this.#everyUs;
    if (isDue) known.writtenUs = nowUs;
    known.isWritten = isDue;
    this.#entries.set(key, known);
    return { kind: 'again', count: known.count, isDue };
  }

  /** Counts that nobody has written yet, by key; they count as written afterwards. */
  unwritten(): ReadonlyMap<string, Series> {
    const found = new Map<string, Series>();
    for (const [key, entry] of this.#entries) {
      if (entry.isWritten) continue;
      entry.isWritten = true;
      entry.writtenUs = entry.lastUs;
      found.set(key, { count: entry.count, lastUs: entry.lastUs });
    }
    return found;
  }

  /** The event is not on the server: its next happening is a first one. */
  forget(event: EventIdentity): void {
    this.#entries.delete(keyOfEvent(event));
  }
}

/** Text that two events share exactly when they are the same one. */
export function keyOfEvent({ regarding, type, reason, action }: EventIdentity): string {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return JSON.stringify([apiVersion, kind, namespace, name, uid, type, reason, action]);
}
