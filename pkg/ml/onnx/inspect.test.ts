import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';

import {
  type AttributeProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
} from '../../../proto/gen/onnx/onnx_pb.ts';
import { encodeEnsemble } from './encode.ts';
import { GraphRefused } from './errors.ts';
import { inspectOnnx } from './inspect.ts';
import { randomEnsemble } from './ensemble.testing.ts';

type Node = MessageInitShape<typeof NodeProtoSchema>;
type Tensor = MessageInitShape<typeof TensorProtoSchema>;
type Attribute = MessageInitShape<typeof AttributeProtoSchema>;
type Graph = MessageInitShape<typeof GraphProtoSchema>;

const HUGE = 10_000_000_000;

const port = (name: string): NonNullable<Graph['input']>[number] => ({
  name,
  type: {
    value: {
      case: 'tensorType',
      value: { elemType: 1, shape: { dim: [{ value: { case: 'dimValue', value: 2n } }] } },
    },
  },
});
const int64 = (name: string, values: readonly number[], dims = [values.length]): Tensor => ({
  name,
  dataType: 7,
  dims: dims.map(BigInt),
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});
const node = (opType: string, input: readonly string[], output = 'y', attribute: Attribute[] = []): Node => ({
  opType,
  name: `${opType}_${output}`,
  input: [...input],
  output: [output],
  attribute,
});
const model = (nodes: readonly Node[], constants: readonly Tensor[] = []): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 17n }],
      graph: {
        name: 'g',
        node: [...nodes],
        initializer: [...constants],
        input: [port('x')],
        output: [port('y')],
      },
    }),
  );
const asConstant = (name: string, values: readonly number[]): Node =>
  node('Constant', [], name, [{ name: 'value', t: int64('', values), type: 4 }]);

function ruleOf(bytes: Uint8Array): unknown {
  try {
    inspectOnnx(bytes);
  } catch (error) {
    if (error instanceof GraphRefused) return error.facts['rule'];
    throw error;
  }
  return 'allowed';
}

const subgraph: Attribute = { name: 'body', g: { name: 'inner', node: [node('Relu', ['x'])] }, type: 5 };

describe('what is refused, by its rule', () => {
  const chain = (opType: string, times: number): Node[] =>
    Array.from({ length: times }, (_, i) =>
      node(opType, [i === 0 ? 'x' : `v${i - 1}`, 'n'], i === times - 1 ? 'y' : `v${i}`),
    );
  it.each<[string, Uint8Array, string]>([
    ['junk', Buffer.from('this is no model'), 'form'],
    ['nothing', new Uint8Array(), 'form'],
    ['an unknown operator', model([{ ...node('Relu', ['x']), domain: 'evil' }]), 'operator'],
    ['a loop', model([node('Loop', ['x'])]), 'operator'],
    ...['If', 'Loop', 'Scan'].map((opType): [string, Uint8Array, string] => [
      `a graph within ${opType}`,
      model([node(opType, ['x'], 'y', [subgraph])]),
      'subgraph',
    ]),
    [
      'data in another file',
      model([node('Add', ['x', 'w'])], [{ name: 'w', dataType: 1, dims: [2n], dataLocation: 1 }]),
      'external',
    ],
    [
      'fewer data than said',
      model([node('Add', ['x', 'w'])], [{ name: 'w', dataType: 1, dims: [1000n], floatData: [1] }]),
      'elements',
    ],
    [
      'no data at all',
      model([node('Add', ['x', 'w'])], [{ name: 'w', dataType: 1, dims: [1000n] }]),
      'elements',
    ],
    [
      'negative dimensions whose product is positive',
      model([node('Add', ['x', 'w'])], [int64('w', [1, 2, 3, 4], [-2, -2])]),
      'elements',
    ],
    ['a large shape', model([node('ConstantOfShape', ['n'])], [int64('n', [HUGE])]), 'elements'],
    [
      'a large shape from a node',
      model([asConstant('n', [HUGE]), node('ConstantOfShape', ['n'])]),
      'elements',
    ],
    [
      'a large shape passed on',
      model([asConstant('n', [HUGE]), node('Identity', ['n'], 'm'), node('ConstantOfShape', ['m'])]),
      'elements',
    ],
    ['a shape that a request says', model([node('ConstantOfShape', ['x'])]), 'elements'],
    [
      'a shape that is computed',
      model([node('Shape', ['x'], 's'), node('Mul', ['s', 's'], 'n'), node('ConstantOfShape', ['n'])]),
      'elements',
    ],
    [
      'a long range',
      model([node('Range', ['a', 'b', 'c'])], [int64('a', [0]), int64('b', [HUGE]), int64('c', [1])]),
      'elements',
    ],
    [
      'a range that stands still',
      model([node('Range', ['a', 'b', 'c'])], [int64('a', [0]), int64('b', [2]), int64('c', [0])]),
      'elements',
    ],
    ['tiles of tiles', model(chain('Tile', 5), [int64('n', [1000])]), 'elements'],
    ['expansion upon expansion', model(chain('Expand', 5), [int64('n', [1000])]), 'elements'],
    [
      'doubling forty times',
      model(
        Array.from({ length: 40 }, (_, i) => {
          const from = i === 0 ? 'x' : `v${i - 1}`;
          return node('Concat', [from, from], i === 39 ? 'y' : `v${i}`);
        }),
      ),
      'elements',
    ],
  ])('%s', (_what, bytes, rule) => {
    expect(ruleOf(bytes)).toBe(rule);
  });
});

describe('what is allowed', () => {
  it('an ensemble of ours, with its shapes and operators', () => {
    const bytes = encodeEnsemble(
      randomEnsemble({ seed: 1, features: 7, treeMembers: 2, treesPerMember: 3, depth: 3 }),
    );
    const { inputs, outputs, operators } = inspectOnnx(bytes);
    expect(inputs).toEqual([{ name: 'features', elementType: 1, shape: [-1, 7] }]);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['probability_up', [-1, 1]],
      ['members', [-1, 4]],
    ]);
    expect(operators['ai.onnx.ml.TreeEnsembleRegressor']).toBe(2);
  });

  it('a size made from the shape of the input', () => {
    expect(ruleOf(model([node('Shape', ['x'], 's'), node('ConstantOfShape', ['s'])]))).toBe('allowed');
  });

  it('constants wherever their bytes begin in the file', () => {
    for (let shift = 0; shift < 8; shift += 1) {
      const bytes = model([node('Tile', ['x', 'n'])], [int64(`n${'_'.repeat(shift)}`, [3]), int64('n', [3])]);
      const pooled = Buffer.alloc(bytes.length + shift);
      pooled.set(bytes, shift);
      expect(ruleOf(pooled.subarray(shift))).toBe('allowed');
    }
  });

  it('a size just within the bound, and not one above it', () => {
    const tile = (times: number): Uint8Array => model([node('Tile', ['x', 'n'])], [int64('n', [times])]);
    expect(ruleOf(tile(64_000_000))).toBe('allowed');
    expect(ruleOf(tile(64_000_001))).toBe('elements');
  });

  it('a file within the bound of bytes, and not one above it', () => {
    expect(inspectOnnx(model([node('Relu', ['x'])])).nodes).toBe(1);
    expect(() => inspectOnnx(model([node('Relu', ['x'])]), { maxBytes: 10 })).toThrow(GraphRefused);
  });
});
