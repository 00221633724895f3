import { OffsetOutOfRange, PartitionUnknown, TopicUnknown } from '../eventlog/errors.ts';
import type { EventLog, LogRecord } from '../eventlog/event-log.ts';
import { isPoisonMessage } from '../wire/errors.ts';
import type { TopicNames } from '../wire/topics.ts';
import { withoutArrival } from './ingest-time.ts';
import { placeOf, type ReadMessage } from './poison.ts';
import { type LogPlace, originOf, type QuarantinedRecord } from './quarantined-records.ts';
import { readFeatureVector, readMarketEvent, readPrediction } from './read-message.ts';

/** Header of a record that was given again: the place of the one that it repeats. */
export const REPLAYED_FROM = 'replayed-from';

/**
 * What became of one: `replayed` (or would have been), or why not.
 *
 * - `NotPoison`: it was set aside for what it says, not for its bytes; giving it again would change nothing.
 * - `NotFromLog`: it came from a file or a venue; the log never had it.
 * - `Gone`: the log has forgotten the original.
 * - `StillUnreadable`: this version cannot read it either.
 * - `AlreadyReplayed`: the log has it again already.
 */
export type ReplayResult =
  | 'replayed'
  | 'NotPoison'
  | 'NotFromLog'
  | 'Gone'
  | 'StillUnreadable'
  | 'AlreadyReplayed';

/** What became of one record of quarantine. */
export interface Replay {
  readonly record: QuarantinedRecord;
  readonly result: ReplayResult;
  /** Where the log has it now, `topic/partition@offset`; of `replayed` that was not a rehearsal, and `AlreadyReplayed`. */
  readonly place?: string;
}

/** An original that may be given again. */
interface Candidate {
  readonly record: QuarantinedRecord;
  readonly origin: LogPlace;
  readonly original: LogRecord;
}

/**
 * Gives records that no station could read back to their topics: the original bytes, under the original key, so in their
 * partition, behind all that came since. For after the bug that set them aside has been mended; a record that this version
 * cannot read is not given again, nor one that was given again before, so a replay may be repeated.
 *
 * @param isRehearsal - Nothing is appended.
 * @returns One entry per record, in order; two that name the same original are replayed once.
 */
export async function replaySetAside(
  records: readonly QuarantinedRecord[],
  {
    log,
    topics,
    isRehearsal = false,
  }: { readonly log: EventLog; readonly topics: TopicNames; readonly isRehearsal?: boolean },
): Promise<readonly Replay[]> {
  const decoders = new Map<string, ReadMessage<unknown>>([
    [topics.marketData, readMarketEvent],
    [topics.features, readFeatureVector],
    [topics.signals, readPrediction],
  ]);
  const looked: (Candidate | Replay)[] = [];
  for (const record of records) looked.push(await lookAt(record, log, decoders));
  const given = await givenAgain(
    log,
    looked.filter((one) => 'original' in one),
  );
  const replays: Replay[] = [];
  for (const one of looked) {
    if (!('original' in one)) {
      replays.push(one);
      continue;
    }
    const { record, original } = one;
    const origin = placeOf(original);
    const isGiven = given.has(origin);
    if (!isGiven) given.set(origin, isRehearsal ? undefined : await giveAgain(log, original));
    const place = given.get(origin);
    const result = isGiven ? 'AlreadyReplayed' : 'replayed';
    replays.push({ record, result, ...(place === undefined ? {} : { place }) });
  }
  return replays;
}

/** The original where it may be given again, else why not. */
async function lookAt(
  record: QuarantinedRecord,
  log: EventLog,
  decoders: ReadonlyMap<string, ReadMessage<unknown>>,
): Promise<Candidate | Replay> {
  const origin = originOf(record.item);
  if (record.item.reason !== 'Malformed') return { record, result: 'NotPoison' };
  const decode = origin === undefined ? undefined : decoders.get(origin.topic);
  if (origin === undefined || decode === undefined) return { record, result: 'NotFromLog' };
  const original = await recordAt(log, origin);
  if (original === undefined || original.value === null) return { record, result: 'Gone' };
  try {
    decode(original.value, original);
  } catch (error) {
    if (!isPoisonMessage(error)) throw error;
    return { record, result: 'StillUnreadable' };
  }
  return { record, origin, original };
}

/** @returns `undefined` where the log has forgotten it. */
export async function recordAt(
  log: EventLog,
  { topic, partition, offset }: LogPlace,
): Promise<LogRecord | undefined> {
  try {
    for await (const record of log.read(topic, partition, offset))
      return record.offset === offset ? record : undefined;
    return undefined;
  } catch (error) {
    if (
      error instanceof OffsetOutOfRange ||
      error instanceof PartitionUnknown ||
      error instanceof TopicUnknown
    )
      return undefined;
    throw error;
  }
}

/** Places of records that were given again before, by the places of their originals: one look at each partition. */
async function givenAgain(
  log: EventLog,
  candidates: readonly Candidate[],
): Promise<Map<string, string | undefined>> {
  const given = new Map<string, string | undefined>();
  const byPartition = Map.groupBy(candidates, ({ origin }) => `${origin.topic}/${origin.partition}`);
  for (const inPartition of byPartition.values()) {
    const { topic, partition } = inPartition[0]!.origin;
    const from = Math.min(...inPartition.map(({ origin }) => origin.offset));
    for await (const record of log.read(topic, partition, from)) {
      const origin = record.headers?.[REPLAYED_FROM];
      if (origin !== undefined) given.set(origin, placeOf(record));
    }
  }
  return given;
}

async function giveAgain(log: EventLog, original: LogRecord): Promise<string> {
  const { topic, key, value, timestampUs } = original;
  // Its latency would count from when it first arrived.
  const headers = { ...withoutArrival(original.headers), [REPLAYED_FROM]: placeOf(original) };
  const [place] = await log.append(topic, [{ key, value, timestampUs, headers }]);
  return placeOf({ ...original, ...place! });
}
