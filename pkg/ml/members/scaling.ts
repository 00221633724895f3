/** Mean and scale by which a member standardises its features; float32, as the exported graph has them. */
export interface Scaling {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

/**
 * Mean and population standard deviation of each feature over the rows where it is present; two passes, so that a
 * price near 1.1 with a spread of 1e-4 keeps its digits. A feature that is absent or constant gets mean and scale that
 * turn it into zero.
 *
 * @param features - Row-major [n, width].
 */
export function fitScaling(features: Float32Array, width: number): Scaling {
  const count = new Float64Array(width);
  const sum = new Float64Array(width);
  eachPresent(features, width, (j, x) => {
    count[j]! += 1;
    sum[j]! += x;
  });
  const mean = Float32Array.from(sum, (value, j) => (count[j]! > 0 ? value / count[j]! : 0));
  const squares = new Float64Array(width);
  eachPresent(features, width, (j, x) => {
    squares[j]! += (x - mean[j]!) ** 2;
  });
  const scale = Float32Array.from(squares, (value, j) => {
    const deviation = Math.fround(Math.sqrt(value / Math.max(1, count[j]!)));
    // Rounding noise of a constant is no spread: dividing by it would blow the next different value up.
    return deviation > Math.abs(mean[j]!) * 1e-6 ? deviation : 1;
  });
  return { mean, scale };
}

function eachPresent(features: Float32Array, width: number, visit: (j: number, x: number) => void): void {
  for (let base = 0; base < features.length; base += width) {
    for (let j = 0; j < width; j += 1) {
      const x = features[base + j]!;
      if (!Number.isNaN(x)) visit(j, x);
    }
  }
}
