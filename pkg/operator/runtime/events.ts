import type { Logger } from '../../runtime/logger.ts';
import { KubeNotFound } from './errors.ts';
import { type EventIdentity, EventSeries, keyOfEvent, type Series } from './event-series.ts';
import type { KubeClient } from './kube-client.ts';
import { microTime } from './lease.ts';
import { apiVersionOf, type KubeObject, type ObjectRef, type ResourceKind } from './objects.ts';
import type { Scheduler } from './scheduler.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** An Event of events.k8s.io/v1. */
export interface KubeEvent extends KubeObject {
  readonly eventTime: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: EventIdentity['regarding'];
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

export const EVENTS: ResourceKind<KubeEvent> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  isNamespaced: true,
};

/** One thing to tell about an object. */
export interface ToTell extends Omit<EventIdentity, 'regarding'> {
  /** For people; what varies belongs here, never into the reason. Cut to 1,024 bytes. */
  readonly note: string;
}

/** Who tells, and how much at most. */
export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** Name of the controller, e.g. `tradewind.dev/controller`. */
  readonly controller: string;
  /** Name of the process, at most 128 characters. */
  readonly instance: string;
  readonly scheduler: Scheduler;
  readonly logger: Pick<Logger, 'warn'>;
  /** Writes of all events; 2 a second with bursts of 25 by default. What is above is dropped. */
  readonly rate?: Rate;
  readonly series?: EventSeries;
  /** Told why an event was not written. */
  readonly onDropped?: (why: 'rate' | 'error') => void;
}

const MAX_NOTE_BYTES = 1024;
/** Namespace of events about objects that have none. */
const DEFAULT_NAMESPACE = 'default';

/**
 * Tells people what happens to an object, where `kubectl describe` shows it. What happens again and again is one event with a count.
 * It never throws and never waits: a reconcile must not fail because nobody could be told.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series: EventSeries;
  readonly #bucket: TokenBucket;
  /** Where the event of a series is. */
  readonly #places = new Map<string, ObjectRef>();
  readonly #writing = new Set<Promise<void>>();
  #made = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#series = options.series ?? new EventSeries();
    this.#bucket = new TokenBucket(options.rate ?? { perSecond: 2, burst: 25 }, options.scheduler);
  }

  /** Tells one thing about an object. */
  tell(object: KubeObject, { note, ...what }: ToTell): void {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace, uid } = metadata;
    const event: EventIdentity = { ...what, regarding: { apiVersion, kind, name, namespace, uid } };
    const nowUs = this.#options.scheduler.nowUs();
    const step = this.#series.happened(event, nowUs);
    const place = this.#places.get(keyOfEvent(event));
    if (step.kind === 'again' && place !== undefined) {
      if (step.isDue) this.#write(event, () => this.#count(place, { count: step.count, lastUs: nowUs }));
      return;
    }
    if (step.kind === 'first') this.#write(event, () => this.#create(event, note, nowUs));
  }

  /** Writes the counts that are still to be written, and resolves when nothing is on its way. */
  async flush(): Promise<void> {
    // A count belongs to an event that may be on its way.
    await Promise.all(this.#writing);
    for (const [key, series] of this.#series.unwritten()) {
      const place = this.#places.get(key);
      if (place !== undefined)
        this.#track(this.#count(place, series).catch((error: unknown) => this.#failed(error)));
    }
    await Promise.all(this.#writing);
  }

  #write(event: EventIdentity, write: () => Promise<void>): void {
    if (!this.#bucket.tryTake()) {
      this.#options.onDropped?.('rate');
      this.#series.forget(event);
      return;
    }
    this.#track(
      write().catch((error: unknown) => {
        this.#series.forget(event);
        this.#places.delete(keyOfEvent(event));
        // Events are kept for an hour: one that has gone on for longer is told anew.
        if (!(error instanceof KubeNotFound)) this.#failed(error);
      }),
    );
  }

  #track(write: Promise<void>): void {
    this.#writing.add(write);
    void write.then(() => this.#writing.delete(write));
  }

  #failed(error: unknown): void {
    this.#options.onDropped?.('error');
    this.#options.logger.warn({ err: error }, 'event could not be written');
  }

  async #create(
    { regarding, type, reason, action }: EventIdentity,
    note: string,
    nowUs: number,
  ): Promise<void> {
    const { client, controller, instance } = this.#options;
    this.#made += 1;
    const place = {
      namespace: regarding.namespace ?? DEFAULT_NAMESPACE,
      name: `${regarding.name.slice(0, 200)}.${nowUs.toString(16)}${this.#made.toString(16)}`,
    };
    await client.create(EVENTS, {
      apiVersion: apiVersionOf(EVENTS),
      kind: EVENTS.kind,
      metadata: place,
      ...{ type, reason, action, regarding, note: cut(note) },
      eventTime: microTime(nowUs),
      reportingController: controller,
      reportingInstance: instance,
    });
    const key = keyOfEvent({ regarding, type, reason, action });
    this.#places.delete(key);
    this.#places.set(key, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > this.#series.max && oldest !== undefined) this.#places.delete(oldest);
  }

  async #count(place: ObjectRef, { count, lastUs }: Series): Promise<void> {
    await this.#options.client.patch(EVENTS, place, {
      series: { count, lastObservedTime: microTime(lastUs) },
    });
  }
}

/** As many whole characters as there is room for. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  let end = MAX_NOTE_BYTES;
  // A byte whose two highest bits are 1 and 0 goes on with a character.
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}
