import type { ModelIndexEntry, ModelRepository, ServedModel, Tensor } from '../served-model.ts';
import { ModelNotFound } from './errors.ts';

/** Inputs of the row model. */
export const COLUMNS = 3;

/** [n, 3] FP32 in; the sum of each row [n] and every value doubled [n, 3] out. For tests. */
export function rowModel(name = 'rows', version = '7'): ServedModel {
  const compute = (features: Float32Array, rows: number): Float32Array[] => {
    const sums = new Float32Array(rows);
    for (let i = 0; i < features.length; i++) sums[Math.floor(i / COLUMNS)]! += features[i]!;
    return [sums, features.map((value) => value * 2)];
  };
  const outputs = [
    { name: 'sum', datatype: 'FP32', shape: [-1] },
    { name: 'doubled', datatype: 'FP32', shape: [-1, COLUMNS] },
  ] as const;
  return {
    name,
    version,
    digest: `sha256:${'0'.repeat(64)}`,
    inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, COLUMNS] }],
    outputs,
    infer: async ([input], wanted) => {
      const rows = input?.shape[0] ?? 0;
      const data = compute(input?.data as Float32Array, rows);
      const tensors = outputs.map(({ name, datatype, shape }, i): Tensor => {
        return { name, datatype, shape: [rows, ...shape.slice(1)], data: data[i] ?? [] };
      });
      return wanted === undefined
        ? tensors
        : wanted.flatMap((each) => tensors.find((t) => t.name === each) ?? []);
    },
    inferRows: (features, rows, done) => queueMicrotask(() => done(undefined, compute(features, rows))),
  };
}

/** Gives back what it is given, in every datatype: input `x` of a datatype becomes output `x`. For tests. */
export function echoModel(datatype: Tensor['datatype'], name = `echo-${datatype}`): ServedModel {
  const signature = [{ name: 'x', datatype, shape: [-1, -1] }];
  return {
    name,
    version: '1',
    digest: `sha256:${'1'.repeat(64)}`,
    inputs: signature,
    outputs: signature,
    infer: async (inputs) => inputs,
  };
}

/** Fails in a way that nobody foresaw. For tests. */
export function brokenModel(): ServedModel {
  return {
    ...rowModel('broken'),
    infer: () => Promise.reject(new Error('secret path /etc/model')),
    inferRows: (_features, _rows, done) => done(new Error('secret path /etc/model'), []),
  };
}

/** A repository that holds what it is given; `load` and `unload` switch a model on and off. For tests. */
export class TestRepository implements ModelRepository {
  readonly #models: readonly ServedModel[];
  readonly #unloaded = new Set<string>();

  constructor(models: readonly ServedModel[]) {
    this.#models = models;
  }

  get(name: string, version = ''): ServedModel | undefined {
    if (this.#unloaded.has(name)) return undefined;
    return this.#models.find((model) => model.name === name && (version === '' || model.version === version));
  }

  index(): readonly ModelIndexEntry[] {
    return this.#models.map(({ name, version }) => {
      const isUnloaded = this.#unloaded.has(name);
      return {
        name,
        version,
        state: isUnloaded ? 'UNAVAILABLE' : 'READY',
        reason: isUnloaded ? 'unloaded' : '',
      };
    });
  }

  async load(name: string): Promise<void> {
    this.#check(name);
    this.#unloaded.delete(name);
  }

  async unload(name: string): Promise<void> {
    this.#check(name);
    this.#unloaded.add(name);
  }

  #check(name: string): void {
    if (this.#models.every((model) => model.name !== name)) throw new ModelNotFound(name, '');
  }
}
