import type { Dataset } from './dataset.ts';

/** Bounds between the tenths of a feature's values: nine, strictly ascending. */
export type Deciles = readonly number[];

const TENTHS = 10;

/**
 * The deciles of each feature over all rows, so that a model in service can tell how far its inputs are from what it learnt on: each
 * tenth then holds a tenth of the training data. A feature of which one value makes up more than a tenth has none, since its tenths
 * would not be equal.
 *
 * @returns By name of feature; float32 values, as the model is given them.
 */
export function featureDeciles({ features, featureNames, rows }: Dataset): Record<string, number[]> {
  const width = featureNames.length;
  const found: [string, number[]][] = [];
  featureNames.forEach((name, column) => {
    const values = Float32Array.from({ length: rows }, (_, row) => features[row * width + column]!)
      .filter((value) => !Number.isNaN(value))
      .sort();
    if (values.length < TENTHS) return;
    const bounds = Array.from(
      { length: TENTHS - 1 },
      (_, i) => values[Math.ceil(((i + 1) * values.length) / TENTHS) - 1]!,
    );
    if (bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!)) found.push([name, bounds]);
  });
  return Object.fromEntries(found);
}

/** Which tenth a value falls into, 0 to 9: the first whose upper bound is not below it. */
export function tenthOf(value: number, deciles: Deciles): number {
  let tenth = 0;
  while (tenth < deciles.length && value > deciles[tenth]!) tenth += 1;
  return tenth;
}
