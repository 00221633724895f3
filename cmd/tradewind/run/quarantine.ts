import type { EventLog } from '../../../pkg/eventlog/event-log.ts';
import {
  originOf,
  quarantinedRecord,
  quarantinedRecords,
  type QuarantinedRecord,
} from '../../../pkg/pipeline/quarantined-records.ts';
import { recordAt, replaySetAside } from '../../../pkg/pipeline/replay-set-aside.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import type {
  ListFlags,
  QuarantineFlags,
  QuarantineId,
  ReplayFlags,
  ShowFlags,
} from '../commands/quarantine.ts';
import { FlagsInvalid, NotReplayable, QuarantineUnknown } from '../errors.ts';
import { kafkaSection, withLog } from '../open-kafka.ts';
import { columns, printJson } from '../output.ts';

const MESSAGE_WIDTH = 80;

/** Lists the newest of what was set aside. */
export async function listQuarantine(flags: ListFlags): Promise<void> {
  const found = await withLog(kafkaSection(flags), (log) => filtered(log, flags));
  const shown = found.slice(0, flags.limit);
  if (flags.json === true) {
    printJson(shown.map(({ id, item }) => ({ id, ...item })));
    return;
  }
  process.stdout.write(
    columns([
      ['ID', 'RECEIVED', 'REASON', 'SYMBOL', 'ORIGIN', 'MESSAGE'],
      ...shown.map(({ id, item }) => [
        id,
        iso(item.receiveTimeUs),
        item.reason,
        item.symbol,
        item.origin,
        item.message.slice(0, MESSAGE_WIDTH),
      ]),
    ]),
  );
  if (found.length > shown.length)
    process.stderr.write(`${found.length - shown.length} more: raise --limit, or narrow the list\n`);
}

/** Shows one, with what the log still has of the original. @throws {QuarantineUnknown} */
export async function showQuarantined(id: QuarantineId, flags: ShowFlags): Promise<void> {
  const { record, original } = await withLog(kafkaSection(flags), async (log) => {
    const record = await named(log, id);
    const origin = originOf(record.item);
    return { record, original: origin === undefined ? undefined : await recordAt(log, origin) };
  });
  const value = original?.value ?? undefined;
  if (flags.raw === true) {
    if (value === undefined) throw new QuarantineUnknown(`original of ${record.id}`);
    process.stdout.write(value);
    return;
  }
  const { headers, timestampUs, key } = original ?? {};
  const kept = value === undefined ? null : { key, timestampUs, headers: headers ?? {}, bytes: value.length };
  if (flags.json === true) {
    printJson({ id: record.id, ...record.item, original: kept });
    return;
  }
  const lines = Object.entries({ id: record.id, ...record.item }).map(([name, text]) => [name, String(text)]);
  process.stdout.write(
    columns([...lines, ['original', kept === null ? 'not in the log' : JSON.stringify(kept)]]),
  );
}

/**
 * Gives records back to their topics.
 *
 * @throws {FlagsInvalid} Neither a record nor a filter was named: all of quarantine is never meant.
 * @throws {NotReplayable} A record that was named cannot be given again; those that can have been.
 */
export async function replayQuarantined(ids: readonly QuarantineId[], flags: ReplayFlags): Promise<void> {
  const { reason, symbol, topic, dryRun: isRehearsal = false } = flags;
  if (ids.length === 0 && reason === undefined && symbol === undefined && topic === undefined)
    throw new FlagsInvalid('replay must be given ids, or one of --reason, --symbol, --topic');
  const replays = await withLog(kafkaSection(flags), async (log) => {
    const records = ids.length === 0 ? await filtered(log, flags) : await allNamed(log, ids);
    // In the order in which they first came.
    const ordered = records.toSorted((a, b) => a.item.receiveTimeUs - b.item.receiveTimeUs);
    return replaySetAside(ordered, { log, topics: TOPICS, isRehearsal });
  });
  const rows = replays.map(({ record, result, place }) => ({
    ...{ id: record.id, origin: record.item.origin, symbol: record.item.symbol },
    ...{ result, place: place ?? null },
  }));
  if (flags.json === true) printJson(rows);
  else
    process.stdout.write(
      columns([
        ['ID', 'ORIGIN', 'SYMBOL', 'RESULT', 'PLACE'],
        ...rows.map((row) => [row.id, row.origin, row.symbol, row.result, row.place ?? '-']),
      ]),
    );
  const refused = rows.filter(({ result }) => result !== 'replayed' && result !== 'AlreadyReplayed');
  if (ids.length > 0 && refused.length > 0)
    throw new NotReplayable(refused.map(({ id, result }) => `${id} (${result})`));
}

function filtered(
  log: EventLog,
  { reason, symbol, topic, scan }: QuarantineFlags,
): Promise<readonly QuarantinedRecord[]> {
  return quarantinedRecords(log, TOPICS.quarantine, scan, {
    ...(reason === undefined ? {} : { reason }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(topic === undefined ? {} : { topic }),
  });
}

async function allNamed(log: EventLog, ids: readonly QuarantineId[]): Promise<readonly QuarantinedRecord[]> {
  const records: QuarantinedRecord[] = [];
  for (const id of ids) records.push(await named(log, id));
  return records;
}

async function named(log: EventLog, { partition, offset }: QuarantineId): Promise<QuarantinedRecord> {
  const found = await quarantinedRecord(log, TOPICS.quarantine, partition, offset);
  if (found === undefined) throw new QuarantineUnknown(`${partition}@${offset}`);
  return found;
}

const iso = (timeUs: number): string => new Date(timeUs / 1000).toISOString();
