import { expect, it } from 'vitest';

import type { ControllerRevision } from '../../../pkg/operator/kinds.ts';
import { recordOf } from '../../../pkg/operator/objects/revision-objects.ts';
import { modelSpec } from '../../../pkg/tradingmodel/specs.testing.ts';
import { historyOf, historyTable } from './history.ts';
import { MID_ROLLOUT, modelWith, STABLE, UPDATE } from './model-view.testing.ts';

const model = modelWith(MID_ROLLOUT);
const record = (name: string, number: number): ControllerRevision =>
  recordOf(model, name, number, modelSpec());

it('joins what the status and what the records tell, the oldest first', () => {
  const rows = historyOf(model, [record('es-direction-33333333', 9), record(STABLE, 1)]);
  expect(rows.map(({ name, role, isRecorded }) => [name, role, isRecorded])).toEqual([
    ['es-direction-00000000', 'kept', false],
    [STABLE, 'stable', true],
    [UPDATE, 'update', false],
    ['es-direction-33333333', 'kept', true],
  ]);
  expect(rows[3]).toMatchObject({ number: 9, version: '2026-11-20', digest: modelSpec().model.digest });
});

it('does not end at a record that is none of ours', () => {
  const foreign = { ...record('es-direction-44444444', 3), data: { other: 1 } };
  expect(historyOf(modelWith(undefined), [foreign])).toEqual([
    { name: 'es-direction-44444444', number: 3, version: '', role: 'kept', isRecorded: false },
  ]);
});

it('is a table with short digests', () => {
  const [head, row] = historyTable(historyOf(modelWith(undefined), [record(STABLE, 1)]));
  expect(head).toHaveLength(row!.length);
  expect(row).toEqual(['1', '2026-11-20', 'sha256:0123456789ab', 'kept', '-', 'yes', STABLE]);
});
