import type { NewRecord, RecordPlace } from '../eventlog/event-log.ts';
import { MemoryEventLog } from '../eventlog/memory.ts';

/** A failure that a test injects, as a crash would cut a station off. */
export class Cut extends Error {}

/** A log whose appends to a topic fail at chosen calls, before or after they took effect: a double that injects crashes. */
export class CuttingLog extends MemoryEventLog {
  cuts: { readonly topic: string; readonly call: number; readonly isAfter: boolean }[] = [];
  readonly #calls = new Map<string, number>();

  override async append(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    const call = (this.#calls.get(topic) ?? 0) + 1;
    this.#calls.set(topic, call);
    const cut = this.cuts.find((each) => each.topic === topic && each.call === call);
    if (cut?.isAfter === false) throw new Cut();
    const places = await super.append(topic, records);
    if (cut?.isAfter === true) throw new Cut();
    return places;
  }
}
