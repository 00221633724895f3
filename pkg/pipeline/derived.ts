import type { EventLog } from '../eventlog/event-log.ts';
import { isPoisonMessage } from '../wire/errors.ts';

/**
 * Identity of a record that a station derived from one partition of its input: the offset of the input event, and the time
 * that it holds for, since one event may close several bars. Within a partition both only grow.
 */
export interface DerivedId {
  readonly offset: number;
  readonly timeUs: number;
}

/** Before every record. */
export const BEFORE_ALL: DerivedId = {
  offset: Number.NEGATIVE_INFINITY,
  timeUs: Number.NEGATIVE_INFINITY,
};

export function isAfter(a: DerivedId, b: DerivedId): boolean {
  return a.offset > b.offset || (a.offset === b.offset && a.timeUs > b.timeUs);
}

/**
 * How far back to look: more than a writer that was cut off for a while can have appended behind its successor's back,
 * which is a batch.
 */
const TAIL_RECORDS = 4096;

/**
 * The newest of what an output partition holds already: a station that begins again, or takes over, does not give it a
 * second time.
 *
 * @param idOf - Reads the identity out of a value; throws PoisonMessage for bytes that are none.
 */
export async function newestDerived(
  log: EventLog,
  topic: string,
  partition: number,
  idOf: (value: Uint8Array) => DerivedId,
): Promise<DerivedId> {
  const { startOffset, endOffset } = (await log.positions(topic))[partition]!;
  let newest = BEFORE_ALL;
  if (endOffset === startOffset) return newest;
  for await (const { value } of log.read(topic, partition, Math.max(startOffset, endOffset - TAIL_RECORDS))) {
    if (value === null) continue;
    const id = idOrNone(value, idOf);
    if (id !== undefined && isAfter(id, newest)) newest = id;
  }
  return newest;
}

function idOrNone(value: Uint8Array, idOf: (value: Uint8Array) => DerivedId): DerivedId | undefined {
  try {
    return idOf(value);
  } catch (error) {
    if (isPoisonMessage(error)) return undefined;
    throw error;
  }
}
