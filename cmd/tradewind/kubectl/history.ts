import type { ControllerRevision, TradingModel } from '../../../pkg/operator/kinds.ts';
import { recordedSource } from '../../../pkg/operator/objects/revision-objects.ts';
import type { RevisionRole } from '../../../pkg/tradingmodel/status.ts';

/** One revision of a model, as far as it is known. */
export interface HistoryRow {
  readonly number: number;
  readonly name: string;
  readonly version: string;
  readonly digest?: string;
  /** `kept` for one that only its record tells of. */
  readonly role: RevisionRole;
  readonly promotedAt?: string;
  /** Its spec is kept: `undo` can go back to it. */
  readonly isRecorded: boolean;
}

/** Every revision that the status or a record tells of, the oldest first. */
export function historyOf(
  model: TradingModel,
  records: readonly ControllerRevision[],
): readonly HistoryRow[] {
  const rows = new Map<string, HistoryRow>();
  for (const record of records) {
    const source = recordedSource(record);
    const { name } = record.metadata;
    rows.set(name, {
      ...{ number: record.revision, name, version: source?.model.version ?? '', role: 'kept' },
      ...(source?.model.digest === undefined ? {} : { digest: source.model.digest }),
      isRecorded: source !== undefined,
    });
  }
  for (const { name, number, version, role, promotedAt, ...told } of model.status?.revisions ?? []) {
    const record = rows.get(name);
    const digest = told.digest ?? record?.digest;
    rows.set(name, {
      ...{ number, name, version, role },
      ...(digest === undefined ? {} : { digest }),
      ...(promotedAt === undefined ? {} : { promotedAt }),
      isRecorded: record?.isRecorded ?? false,
    });
  }
  return [...rows.values()].toSorted((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
}

/** Hexadecimal digits of a digest that a person reads; `--json` has them all. */
const SHORT = 12;

/** Rows of a table, its head first. */
export function historyTable(rows: readonly HistoryRow[]): readonly (readonly string[])[] {
  return [
    ['NUMBER', 'VERSION', 'DIGEST', 'ROLE', 'PROMOTED AT', 'UNDO', 'NAME'],
    ...rows.map(({ number, version, digest, role, promotedAt, isRecorded, name }) => [
      ...[String(number), version, digest?.slice(0, 'sha256:'.length + SHORT) ?? '-', role],
      ...[promotedAt ?? '-', isRecorded ? 'yes' : 'no', name],
    ]),
  ];
}
