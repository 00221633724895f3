import { createRandom } from '../runtime/random.ts';
import { createDatasetBuilder, type Dataset } from './dataset.ts';

export interface SyntheticOptions {
  readonly rows: number;
  /** >= 3. */
  readonly features: number;
  readonly symbols?: readonly string[];
  /** Weight of the predictable part of the next return beside noise of 1; 0 for none. */
  readonly skill: number;
  readonly seed: number;
}

/** Cadence of the bars: one minute. */
const BAR_US = 60_000_000;

/**
 * Rows with a known truth, for tests and benches: the next one-bar return is noise plus `skill` times
 * (x0 + x1 x2), so a linear model finds half of what can be found. A share of the values is absent.
 */
export function syntheticDataset({
  rows,
  features,
  symbols = ['A'],
  skill,
  seed,
}: SyntheticOptions): Dataset {
  const random = createRandom(seed, 'synthetic');
  const builder = createDatasetBuilder(Array.from({ length: features }, (_, j) => `x${j}`));
  const price = new Map(symbols.map((symbol) => [symbol, 100]));
  for (let bar = 0; builder.rows < rows; bar += 1) {
    for (const symbol of symbols) {
      const values = Float64Array.from({ length: features }, () => random.normal());
      const close = price.get(symbol)!;
      const signal = skill * (values[0]! + values[1]! * values[2]!);
      price.set(symbol, close * (1 + 1e-4 * (signal + random.normal())));
      if (bar % 17 === 0) values[features - 1] = Number.NaN;
      builder.add({ symbol, timeUs: bar * BAR_US, values, close, mid: close });
    }
  }
  return builder.build();
}
