import type { EventLog } from '../eventlog/event-log.ts';
import type { Quarantined } from '../marketdata/events.ts';
import { decodeQuarantined } from '../wire/market-event.ts';
import { decodeBatch } from './poison.ts';

/** Something that was set aside, and where the quarantine topic has it. */
export interface QuarantinedRecord {
  /** `partition@offset`: names it for people. */
  readonly id: string;
  readonly item: Quarantined;
}

/** What is looked for; absent means any. */
export interface QuarantineFilter {
  readonly reason?: string;
  readonly symbol?: string;
  /** Topic that the record lay in; what never was in the log has none. */
  readonly topic?: string;
}

/** Place of a record in the log. */
export interface LogPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Where the log had what was set aside, as {@link originOfRecord} writes it; `undefined` for what it never had, such as a line that cannot be read. */
export function originOf({ origin }: Pick<Quarantined, 'origin'>): LogPlace | undefined {
  const inBrackets = origin.endsWith(')') ? origin.slice(origin.lastIndexOf('(') + 1, -1) : origin;
  const match = /^([\w.-]{1,249})\/(\d+)@(\d+)$/.exec(inBrackets);
  return match === null
    ? undefined
    : { topic: match[1]!, partition: Number(match[2]), offset: Number(match[3]) };
}

/**
 * What was set aside: records of equal identity are the same thing, set aside again after a crash. Its place is in `origin`: that of a record in the log
 * (`topic/partition@offset`), or of an item of a source. The table of history has the same key.
 */
export function quarantineIdentity({ symbol, origin, reason }: Quarantined): string {
  return JSON.stringify([symbol, origin, reason]);
}

/**
 * What the quarantine topic holds, newest first by time of receipt; what is there several times is given once, as it came first.
 *
 * @param maxRecords - Newest records of each partition that are looked at.
 */
export async function quarantinedRecords(
  log: EventLog,
  topic: string,
  maxRecords: number,
  filter: QuarantineFilter = {},
): Promise<readonly QuarantinedRecord[]> {
  const found = new Map<string, QuarantinedRecord>();
  for (const { partition, startOffset, endOffset } of await log.positions(topic)) {
    if (startOffset === endOffset) continue;
    const from = Math.max(startOffset, endOffset - maxRecords);
    for await (const record of log.read(topic, partition, from)) {
      for (const { message: item } of decodeBatch([record], decodeQuarantined).messages) {
        const identity = quarantineIdentity(item);
        if (!found.has(identity) && isWanted(item, filter))
          found.set(identity, { id: `${partition}@${record.offset}`, item });
      }
    }
  }
  return [...found.values()].sort((a, b) => b.item.receiveTimeUs - a.item.receiveTimeUs);
}

/** @returns `undefined` where there is no such record, or not any longer. */
export async function quarantinedRecord(
  log: EventLog,
  topic: string,
  partition: number,
  offset: number,
): Promise<QuarantinedRecord | undefined> {
  const position = (await log.positions(topic))[partition];
  if (position === undefined || offset < position.startOffset || offset >= position.endOffset)
    return undefined;
  for await (const record of log.read(topic, partition, offset)) {
    if (record.offset !== offset) return undefined;
    const [found] = decodeBatch([record], decodeQuarantined).messages;
    return found === undefined ? undefined : { id: `${partition}@${offset}`, item: found.message };
  }
  return undefined;
}

function isWanted(item: Quarantined, { reason, symbol, topic }: QuarantineFilter): boolean {
  return (
    (reason === undefined || item.reason === reason) &&
    (symbol === undefined || item.symbol === symbol) &&
    (topic === undefined || originOf(item)?.topic === topic)
  );
}
