import { setTimeout as sleep } from 'node:timers/promises';

import { type EventLog, MAX_RECORD_BYTES, type NewRecord } from '../eventlog/event-log.ts';
import type { MarketEvent, Quarantined } from '../marketdata/events.ts';
import type { EventItem, MarketSource, SourceItem } from '../marketdata/sources/source.ts';
import { rawOf, type Validator } from '../marketdata/validate.ts';
import type { Clock } from '../runtime/clock.ts';
import { crashPoint } from '../runtime/crash-point.ts';
import { ValueNotEncodable } from '../wire/errors.ts';
import { encodeMarketEvent, encodeQuarantined } from '../wire/market-event.ts';
import type { TopicNames } from '../wire/topics.ts';
import type { CollectorState } from './collector-state.ts';
import { Gate } from './gate.ts';
import { ingestHeaders } from './ingest-time.ts';
import type { MessageSpans } from './message-spans.ts';
import type { PipelineObserver } from './observer.ts';
import type { Pacer } from './pacer.ts';
import { atPlace, placeHeaders, sourcePlace } from './source-place.ts';
import { TickSpans } from './tick-spans.ts';

/** Events appended in one call at most: bounds what a crash repeats and how long a pause takes. */
const MAX_BATCH = 512;

export interface CollectorOptions {
  readonly source: MarketSource;
  /** First item to read; those before it have been collected by an earlier run. */
  readonly fromPosition: number;
  readonly validator: Validator;
  readonly pacer: Pacer;
  readonly log: EventLog;
  readonly topics: TopicNames;
  readonly clock: Clock;
  readonly observer: PipelineObserver;
  /** Where the process keeps its own state, if nobody takes checkpoints of it. */
  readonly own?: CollectorState;
  /** Items between two snapshots of it: what a restart reads again at most; default 20,000. */
  readonly snapshotItems?: number;
  /** Absent where tracing is off. */
  readonly spans?: MessageSpans;
}

const DEFAULT_SNAPSHOT_ITEMS = 20_000;

/**
 * Reads a source, validates each event, and appends it to the log, or to quarantine with the reason.
 *
 * It can be paused at an item boundary with nothing in flight: then everything before `position` is in the log and
 * nothing after it, which is what a checkpoint needs.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #gate = new Gate();
  readonly #spans: TickSpans | undefined;
  #events: NewRecord[] = [];
  #quarantined: NewRecord[] = [];
  #position: number;
  #itemsSinceSnapshot = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#position = options.fromPosition;
    this.#spans = options.spans === undefined ? undefined : new TickSpans(options.spans);
  }

  /** Items before this one are in the log, once `pause` has resolved. */
  get position(): number {
    return this.#position;
  }

  /** Collects until the source ends or `signal` aborts; what was read by then is in the log. @throws {StreamTaken} Another collector has begun it. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#gate.enter();
    try {
      const { source, fromPosition } = this.#options;
      for await (const items of source.read({ fromPosition, signal })) {
        for (const item of items) {
          if (signal.aborted) break;
          await this.#waitUntilDue(item, signal);
          if (signal.aborted) break;
          this.#accept(item);
          if (this.#events.length + this.#quarantined.length >= MAX_BATCH) await this.#flush();
        }
        await this.#flush();
        if (signal.aborted) break;
      }
    } finally {
      this.#gate.leave();
    }
  }

  /** Resolves when the collector stands still; `position` then says where. */
  pause(): Promise<void> {
    return this.#gate.close();
  }

  resume(): void {
    this.#gate.open();
  }

  async #waitUntilDue(item: SourceItem, signal: AbortSignal): Promise<void> {
    if (!('event' in item)) return;
    const { pacer } = this.#options;
    if (pacer.waitMs(item.event.eventTimeUs) <= 0) return;
    await this.#flush();
    for (let ms = pacer.waitMs(item.event.eventTimeUs); ms > 0; ms = pacer.waitMs(item.event.eventTimeUs)) {
      await this.#gate.idle(sleep(ms, undefined, { signal }).catch(() => undefined));
      if (signal.aborted) return;
    }
  }

  #accept(item: SourceItem): void {
    this.#position = item.position + 1;
    this.#itemsSinceSnapshot += 1;
    if ('event' in item) this.#acceptEvent(item);
    else this.#setAside(item.quarantined);
  }

  #acceptEvent(item: EventItem): void {
    const { source, validator, observer } = this.#options;
    const { event } = item;
    const trace = this.#spans?.begin(event);
    const verdict = validator.check(event);
    const place = sourcePlace(source, item);
    if (verdict.notice !== undefined) this.#setAside(this.#placed(verdict.notice, place, event.kind));
    const { own } = this.#options;
    // Read again after a restart, but in the log already.
    const isKnown = own?.isAppended(event.symbol, this.#position - 1) === true;
    const value = verdict.isAccepted && !isKnown ? this.#encode(event, place) : undefined;
    if (value === undefined) {
      trace?.leaveOut(verdict.notice?.reason);
      return;
    }
    const traceHeaders = trace?.append(this.#options.topics.marketData, this.#events.length);
    this.#events.push({
      key: event.symbol,
      value,
      timestampUs: event.eventTimeUs,
      // Filled, not spread: that takes four times as long, and this is done for every event.
      headers: Object.assign(
        ingestHeaders(this.#options.clock.nowUs()),
        own?.headers(this.#position - 1),
        placeHeaders(place),
        traceHeaders,
      ),
    });
    observer.onEvent?.(event);
  }

  /** Sets an event aside that no message can carry, such as one with a fractional time, or no record, such as a book without end. */
  #encode(event: MarketEvent, place: string | undefined): Uint8Array | undefined {
    try {
      const value = encodeMarketEvent(event);
      if (value.length <= MAX_RECORD_BYTES) return value;
      this.#setAsideEvent(
        event,
        `event must have at most ${MAX_RECORD_BYTES} bytes, had ${value.length}`,
        place,
      );
    } catch (error) {
      if (!(error instanceof ValueNotEncodable)) throw error;
      this.#setAsideEvent(event, error.message, place);
    }
    return undefined;
  }

  #setAsideEvent(event: MarketEvent, message: string, place: string | undefined): void {
    const { source, symbol, receiveTimeUs } = event;
    const quarantined: Quarantined = {
      ...{ source, symbol, message, raw: rawOf(event), reason: 'Malformed' },
      origin: this.#originOf(source),
      receiveTimeUs: Number.isSafeInteger(receiveTimeUs) ? receiveTimeUs : this.#options.clock.nowUs(),
    };
    this.#setAside(atPlace(quarantined, place, event.kind));
  }

  /** With its line as origin, or else its item: a source may give a number twice, and each is set aside. */
  #placed(notice: Quarantined, place: string | undefined, kind: string): Quarantined {
    return atPlace({ ...notice, origin: this.#originOf(notice.origin) }, place, kind);
  }

  #originOf(what: string): string {
    return `${what} item ${this.#position - 1}`;
  }

  #setAside(quarantined: Quarantined): void {
    const { own } = this.#options;
    // Read again after a restart, but in quarantine already.
    if (own?.isSetAside(quarantined.symbol, this.#position - 1) === true) return;
    const headers = own?.headers(this.#position - 1);
    this.#quarantined.push({
      key: quarantined.symbol,
      value: encodeQuarantined(quarantined),
      timestampUs: quarantined.receiveTimeUs,
      ...(headers === undefined ? {} : { headers }),
    });
    this.#options.observer.onQuarantined?.(quarantined);
  }

  async #flush(): Promise<void> {
    const { log, topics } = this.#options;
    if (this.#events.length + this.#quarantined.length > 0) await this.#options.own?.checkClaim();
    if (this.#events.length > 0) {
      const records = this.#events;
      this.#events = [];
      const places = await log.append(topics.marketData, records);
      this.#spans?.appended(places);
    }
    if (this.#quarantined.length > 0) {
      const records = this.#quarantined;
      this.#quarantined = [];
      await log.append(topics.quarantine, records);
    }
    crashPoint('collector:after-append');
    const { own, validator, snapshotItems = DEFAULT_SNAPSHOT_ITEMS } = this.#options;
    if (own !== undefined && this.#itemsSinceSnapshot >= snapshotItems) {
      this.#itemsSinceSnapshot = 0;
      await own.save({ position: this.#position, validator: validator.toState() });
      crashPoint('collector:after-snapshot');
    }
    await this.#gate.pass();
  }
}
