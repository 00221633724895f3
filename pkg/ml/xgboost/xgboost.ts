import { setImmediate } from 'node:timers/promises';
import type { BoosterLibrary, BoosterPlan, BoosterRows, TrainedTrees } from '../booster.ts';
import { XgboostFailed } from '../errors.ts';
import { bindXgboost, type Handle, readBytes, readFloats, type XgboostCalls } from './native.ts';
import { parseModel } from './parse-model.ts';

/**
 * Real XGBoost through its C interface.
 *
 * @param path - Shared library, as `findXgboost` gives it.
 * @throws {XgboostUnavailable} It cannot be loaded.
 */
export function loadXgboost(path: string): BoosterLibrary {
  const calls = bindXgboost(path);
  const [major, minor, patch] = [[0], [0], [0]];
  calls.version(major, minor, patch);
  return {
    version: `${major[0]}.${minor[0]}.${patch[0]}`,
    async train(rows, labels, plan, onRound = () => undefined) {
      const matrix = createMatrix(calls, rows, labels);
      try {
        return await trainOn(calls, matrix, plan, onRound);
      } finally {
        calls.freeMatrix(matrix);
      }
    },
  };
}

async function trainOn(
  calls: XgboostCalls,
  matrix: Handle,
  { parameters, rounds }: BoosterPlan,
  onRound: (done: number) => void,
): Promise<TrainedTrees> {
  const out: Handle[] = [null];
  check(calls, 'XGBoosterCreate', calls.createBooster([matrix], 1, out));
  const booster = out[0];
  try {
    for (const [name, value] of Object.entries({
      objective: 'binary:logistic',
      verbosity: 0,
      ...parameters,
    })) {
      check(calls, `XGBoosterSetParam ${name}`, calls.setParameter(booster, name, String(value)));
    }
    for (let round = 0; round < rounds; round += 1) {
      check(calls, 'XGBoosterUpdateOneIter', calls.updateOneRound(booster, round, matrix));
      onRound(round + 1);
      // Lets progress messages, signals and timers through: a round takes milliseconds, a training seconds.
      await setImmediate();
    }
    const modelBytes = save(calls, booster);
    return { ...parseModel(modelBytes), modelBytes, trainingProbabilities: predict(calls, booster, matrix) };
  } finally {
    calls.freeBooster(booster);
  }
}

function createMatrix(calls: XgboostCalls, { features, columns }: BoosterRows, labels: Float32Array): Handle {
  const out: Handle[] = [null];
  const rows = features.length / columns;
  check(calls, 'XGDMatrixCreateFromMat', calls.createMatrix(features, rows, columns, Number.NaN, out));
  check(calls, 'XGDMatrixSetFloatInfo', calls.setFloats(out[0], 'label', labels, labels.length));
  return out[0];
}

function save(calls: XgboostCalls, booster: Handle): Uint8Array {
  const length = [0];
  const out: Handle[] = [null];
  check(calls, 'XGBoosterSaveModelToBuffer', calls.save(booster, '{"format":"json"}', length, out));
  return readBytes(out[0], Number(length[0]));
}

function predict(calls: XgboostCalls, booster: Handle, matrix: Handle): Float32Array {
  const length = [0];
  const out: Handle[] = [null];
  check(calls, 'XGBoosterPredict', calls.predict(booster, matrix, 0, 0, 0, length, out));
  return readFloats(out[0], Number(length[0]));
}

function check(calls: XgboostCalls, call: string, status: number): void {
  if (status !== 0) throw new XgboostFailed(call, calls.lastError());
}
