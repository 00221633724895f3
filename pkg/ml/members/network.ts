import { setImmediate } from 'node:timers/promises';
import { createRandom, type Random } from '../../runtime/random.ts';
import type { DenseLayer, NetworkMember } from '../ensemble.ts';
import { logistic, standardise } from '../evaluate.ts';
import { createAdam } from './adam.ts';
import { backward, createPass, type DenseWeights, forward, type Pass } from './dense.ts';
import { fitScaling } from './scaling.ts';

export interface NetworkSettings {
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchRows: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly patience: number;
}

/** Rows of one role. */
export interface LabelledRows {
  /** Row-major [n, width]. */
  readonly features: Float32Array;
  /** 1 up, 0 down; shape [n]. */
  readonly labels: Float32Array;
}

/** Standardised features beyond this many deviations say no more than this; keeps one wild bar from ruling a batch. */
const CLIP = 5;

/**
 * A multi-layer perceptron with rectified units, trained by Adam on log loss with early stopping: the weights of the
 * epoch with the lowest loss on `stopping` are kept. The same seed and rows give the same weights.
 *
 * @param stopping - Rows separated from `training` by purge and embargo; only decide when to stop.
 * @see Kingma and Ba (2015), arXiv 1412.6980; He et al. (2015), arXiv 1502.01852 (initial weights).
 */
export async function trainNetwork(
  name: string,
  training: LabelledRows,
  stopping: LabelledRows,
  width: number,
  settings: NetworkSettings,
  seed: number,
): Promise<NetworkMember> {
  const random = createRandom(seed, `network:${name}`);
  const scaling = fitScaling(training.features, width);
  const inputs = standardise(training.features, width, scaling, CLIP);
  const stoppingInputs = standardise(stopping.features, width, scaling, CLIP);
  const layers = initialLayers(width, settings.hidden, training.labels, random);
  const adam = createAdam(
    layers.flatMap(({ weights, bias }) => [weights, bias]),
    settings.learningRate,
    settings.weightDecay,
  );
  const n = training.labels.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const pass = createPass(layers, settings.batchRows);

  let best = snapshot(layers);
  let bestLoss = meanLoss(layers, pass, stoppingInputs, stopping.labels, width);
  let worse = 0;
  for (let epoch = 0; epoch < settings.epochs && worse < settings.patience; epoch += 1) {
    shuffle(order, random);
    for (let from = 0; from < n; from += settings.batchRows) {
      const rows = Math.min(settings.batchRows, n - from);
      gather(inputs, width, order, from, rows, pass.activations[0]!);
      const margins = forward(layers, pass, rows);
      const errors = pass.deltas[layers.length]!;
      for (let i = 0; i < rows; i += 1) {
        errors[i] = (logistic(margins[i]!) - training.labels[order[from + i]!]!) / rows;
      }
      backward(layers, pass, rows);
      adam.step(pass.gradients.flatMap(({ weights, bias }) => [weights, bias]));
    }
    const loss = meanLoss(layers, pass, stoppingInputs, stopping.labels, width);
    if (loss < bestLoss) {
      bestLoss = loss;
      best = snapshot(layers);
      worse = 0;
    } else worse += 1;
    await setImmediate();
  }
  return { kind: 'network', name, ...scaling, clip: CLIP, layers: best };
}

/** He's normal weights for rectified units; the last layer starts at the base rate with small weights. */
function initialLayers(
  width: number,
  hidden: readonly number[],
  labels: Float32Array,
  random: Random,
): DenseWeights[] {
  const sizes = [width, ...hidden, 1];
  const up = labels.reduce((sum, label) => sum + label, 0);
  return sizes.slice(1).map((outputs, index) => {
    const inputs = sizes[index]!;
    const isLast = index === sizes.length - 2;
    const deviation = isLast ? 0.1 / Math.sqrt(inputs) : Math.sqrt(2 / inputs);
    return {
      inputs,
      outputs,
      isRectified: !isLast,
      weights: Float64Array.from({ length: inputs * outputs }, () => deviation * random.normal()),
      bias: new Float64Array(outputs).fill(isLast ? Math.log((up + 1) / (labels.length - up + 1)) : 0),
    };
  });
}

function snapshot(layers: readonly DenseWeights[]): DenseLayer[] {
  return layers.map(({ weights, bias, isRectified }) => ({
    weights: Float32Array.from(weights),
    bias: Float32Array.from(bias),
    activation: isRectified ? 'relu' : 'none',
  }));
}

/** Fisher and Yates's shuffle. */
function shuffle(order: Uint32Array, random: Random): void {
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random.uniform() * (i + 1));
    const other = order[j]!;
    order[j] = order[i]!;
    order[i] = other;
  }
}

function gather(
  inputs: Float32Array,
  width: number,
  order: Uint32Array,
  from: number,
  rows: number,
  into: Float64Array,
): void {
  for (let i = 0; i < rows; i += 1) {
    const base = order[from + i]! * width;
    for (let j = 0; j < width; j += 1) into[i * width + j] = inputs[base + j]!;
  }
}

function meanLoss(
  layers: readonly DenseWeights[],
  pass: Pass,
  inputs: Float32Array,
  labels: Float32Array,
  width: number,
): number {
  let sum = 0;
  for (let from = 0; from < labels.length; from += pass.rows) {
    const rows = Math.min(pass.rows, labels.length - from);
    pass.activations[0]!.set(inputs.subarray(from * width, (from + rows) * width));
    const margins = forward(layers, pass, rows);
    for (let i = 0; i < rows; i += 1) {
      const margin = margins[i]!;
      sum += Math.max(0, margin) + Math.log1p(Math.exp(-Math.abs(margin))) - labels[from + i]! * margin;
    }
  }
  return sum / labels.length;
}
