import { describe, expect, it } from 'vitest';
import { createRandom } from '../runtime/random.ts';
import { apartFrom, fitHead, type OutOfFold } from './fit-head.ts';
import { makeLabels } from './labels.ts';
import { parseTrainingSettings } from './settings.ts';
import { syntheticDataset } from './dataset.testing.ts';
import { trainingTable } from './training-table.ts';

const { label } = parseTrainingSettings({ label: { horizonBars: 3 } });
const table = trainingTable(
  ...(() => {
    const dataset = syntheticDataset({ rows: 600, features: 3, skill: 0, seed: 5 });
    return [dataset, makeLabels(dataset, label)] as const;
  })(),
);

/** Rows [from, to) with margins of two members: one that knows, one that does not. */
function answers(from: number, to: number): OutOfFold {
  const random = createRandom(1);
  const rows = Int32Array.from({ length: to - from }, (_, i) => from + i);
  const margins = Array.from(rows, (row) => [
    table.directions[row]! * 2 - 1 + random.normal(),
    random.normal(),
  ]);
  return { rows, margins: Float64Array.from(margins.flat()) };
}

describe('apartFrom', () => {
  it('leaves out rows whose label reaches into the test block, and the embargo before it', () => {
    const all = answers(0, 100);
    const test = Int32Array.of(100, 101, 102);
    // A label of three bars that begins at row 97 ends where the block begins.
    expect(apartFrom(table, all, test, 0).rows.at(-1)).toBe(96);
    const apart = apartFrom(table, all, test, 10);
    expect(apart.rows.at(-1)).toBe(89);
    expect(apart.margins).toEqual(all.margins.subarray(0, 180));
  });

  it('has nothing to give before the first fold', () => {
    const nothing: OutOfFold = { rows: new Int32Array(0), margins: new Float64Array(0) };
    expect(apartFrom(table, nothing, Int32Array.of(1), 0)).toEqual(nothing);
  });
});

describe('fitHead', () => {
  it('trusts the member that knows', () => {
    const head = fitHead(table, answers(0, 500), 2, 0);
    expect(head.isFitted).toBe(true);
    expect(head.stacker.weights[0]).toBeGreaterThan(2 * head.stacker.weights[1]!);
    expect(head.calibration.slope).toBeGreaterThan(0);
  });

  it('takes equal weights when there are too few rows', () => {
    const head = fitHead(table, answers(0, 100), 2, 0);
    expect(head).toMatchObject({ isFitted: false, calibration: { slope: 1, intercept: 0 } });
    expect([...head.stacker.weights]).toEqual([0.5, 0.5]);
  });
});
