import { ort } from '../../runtime/onnxruntime.ts';

import type { Ensemble } from '../ensemble.ts';
import { evaluateEnsemble } from '../evaluate.ts';
import { INPUT_NAME, MEMBERS_NAME, PROBABILITY_NAME } from './encode.ts';
import { ExportDisagreement } from './errors.ts';

/** Largest difference that an export may have. */
const AGREEMENT_BOUND = 1e-5;
const CHUNK_ROWS = 4096;
/** Rows compared at least. */
const MINIMUM_ROWS = 10_000;

/** What was compared. */
export interface Agreement {
  readonly rows: number;
  readonly worst: number;
}

/**
 * Compares the exported graph with the ensemble: on every row given, on rows with features missing, and on rows that lie exactly on a split.
 *
 * @param features - Row-major, shape [n, f].
 * @throws {ExportDisagreement} They differ by more than the bound somewhere.
 */
export async function checkAgreement(
  ensemble: Ensemble,
  model: Uint8Array,
  features: Float32Array,
): Promise<Agreement> {
  const width = ensemble.featureNames.length;
  const rows = withHardRows(ensemble, features, width);
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  try {
    const count = rows.length / width;
    let worst = 0;
    for (let from = 0; from < count; from += CHUNK_ROWS) {
      const chunk = rows.slice(from * width, Math.min(count, from + CHUNK_ROWS) * width);
      const want = evaluateEnsemble(ensemble, chunk);
      const have = await session.run({
        [INPUT_NAME]: new ort.Tensor('float32', chunk, [chunk.length / width, width]),
      });
      worst = Math.max(
        worst,
        distance(want.probabilityUp, have[PROBABILITY_NAME]!.data as Float32Array),
        distance(want.members, have[MEMBERS_NAME]!.data as Float32Array),
      );
    }
    // Not a number is not within any bound.
    if (!(worst <= AGREEMENT_BOUND)) throw new ExportDisagreement(count, worst, AGREEMENT_BOUND);
    return { rows: count, worst };
  } finally {
    await session.release();
  }
}

function distance(want: Float64Array, have: Float32Array): number {
  let worst = 0;
  for (let i = 0; i < want.length; i += 1) {
    const difference = Math.abs(want[i]! - have[i]!);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** The rows given, then as many variants as needed: each with one feature absent, or moved onto a threshold of a tree. */
function withHardRows(ensemble: Ensemble, features: Float32Array, width: number): Float32Array {
  const given = features.length / width;
  const variants = Math.max(MINIMUM_ROWS - given, Math.ceil(MINIMUM_ROWS / 5));
  const rows = new Float32Array((given + variants) * width);
  rows.set(features);
  const splits = ensemble.members.flatMap((member) =>
    member.kind === 'trees'
      ? member.trees.flatMap((tree) =>
          [...tree.threshold.keys()]
            .filter((node) => tree.left[node] !== -1)
            .map((node) => ({ feature: tree.feature[node]!, threshold: tree.threshold[node]! })),
        )
      : [],
  );
  for (let i = 0; i < variants; i += 1) {
    const base = (given + i) * width;
    const from = (i % given) * width;
    rows.copyWithin(base, from, from + width);
    const split = splits[(i * 31) % Math.max(1, splits.length)];
    if (i % 2 === 0 || split === undefined) rows[base + (i % width)] = Number.NaN;
    else rows[base + split.feature] = split.threshold;
  }
  return rows;
}
