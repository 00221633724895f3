import koffi from 'koffi';
import { XgboostUnavailable } from '../errors.ts';

/** A pointer that the library gave out. */
export type Handle = unknown;

/** The calls of XGBoost's C interface that are used here; each but the first two returns 0, or -1 after an error. */
export interface XgboostCalls {
  version(major: number[], minor: number[], patch: number[]): void;
  lastError(): string;
  createMatrix(data: Float32Array, rows: number, columns: number, missing: number, out: Handle[]): number;
  freeMatrix(matrix: Handle): number;
  setFloats(matrix: Handle, field: string, values: Float32Array, length: number): number;
  createBooster(matrices: Handle[], length: number, out: Handle[]): number;
  freeBooster(booster: Handle): number;
  setParameter(booster: Handle, name: string, value: string): number;
  updateOneRound(booster: Handle, round: number, matrix: Handle): number;
  save(booster: Handle, config: string, length: (number | bigint)[], out: Handle[]): number;
  predict(
    booster: Handle,
    matrix: Handle,
    options: number,
    trees: number,
    training: number,
    length: (number | bigint)[],
    out: Handle[],
  ): number;
}

/** C declarations of the calls, from `include/xgboost/c_api.h`. */
const DECLARATIONS: Readonly<Record<keyof XgboostCalls, string>> = {
  version: 'void XGBoostVersion(_Out_ int *major, _Out_ int *minor, _Out_ int *patch)',
  lastError: 'const char *XGBGetLastError()',
  createMatrix:
    'int XGDMatrixCreateFromMat(const float *data, uint64_t rows, uint64_t columns, float missing, _Out_ void **out)',
  freeMatrix: 'int XGDMatrixFree(void *matrix)',
  setFloats:
    'int XGDMatrixSetFloatInfo(void *matrix, const char *field, const float *values, uint64_t length)',
  createBooster: 'int XGBoosterCreate(void **matrices, uint64_t length, _Out_ void **out)',
  freeBooster: 'int XGBoosterFree(void *booster)',
  setParameter: 'int XGBoosterSetParam(void *booster, const char *name, const char *value)',
  updateOneRound: 'int XGBoosterUpdateOneIter(void *booster, int round, void *matrix)',
  save: 'int XGBoosterSaveModelToBuffer(void *booster, const char *config, _Out_ uint64_t *length, _Out_ void **out)',
  predict:
    'int XGBoosterPredict(void *booster, void *matrix, int options, uint32_t trees, int training, _Out_ uint64_t *length, _Out_ void **out)',
};

/**
 * Loads the shared library and binds its calls.
 *
 * @param path - Path of `libxgboost.so`, or a bare name for the system's loader to look up.
 * @throws {XgboostUnavailable} It cannot be loaded, or is not XGBoost.
 * @see XGBoost documentation, "XGBoost C Package".
 */
export function bindXgboost(path: string): XgboostCalls {
  // OpenMP's threads spin while they wait for each other, a hundred times slower when another program has the core. The
  // library reads this once, when it is loaded; who has set it already knows better.
  process.env['OMP_WAIT_POLICY'] ??= 'passive';
  try {
    const library = koffi.load(path);
    const calls = Object.entries(DECLARATIONS).map(([name, declaration]) => [
      name,
      library.func(declaration),
    ]);
    // The declarations above say the types; the compiler cannot read C.
    return Object.fromEntries(calls) as XgboostCalls;
  } catch (cause) {
    throw new XgboostUnavailable([path], 'it could not be', cause);
  }
}

/** Copies `length` float32 values from the library's memory. */
export function readFloats(address: Handle, length: number): Float32Array {
  return Float32Array.from(koffi.decode(address, koffi.array('float', length, 'Typed')) as Float32Array);
}

/** Copies `length` bytes from the library's memory. */
export function readBytes(address: Handle, length: number): Uint8Array {
  return Uint8Array.from(koffi.decode(address, koffi.array('uint8_t', length, 'Typed')) as Uint8Array);
}
