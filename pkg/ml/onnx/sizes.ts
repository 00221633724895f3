import type { GraphProto, NodeProto } from '../../../proto/gen/onnx/onnx_pb.ts';
import { GraphRefused } from './errors.ts';
import { elementsOf, numbersOf } from './tensors.ts';

/** Nodes that only pass on or cut down the numbers of their first input (Concat: of all). */
const PASSES: ReadonlySet<string> = new Set([
  ...['Cast', 'Concat', 'Gather', 'Identity', 'Reshape', 'Slice', 'Squeeze', 'Unsqueeze'],
]);

/** Where a node that makes as many elements as a number says has these numbers: positions among its inputs. */
const SIZE_INPUTS: Readonly<Record<string, readonly number[]>> = {
  ConstantOfShape: [0],
  Expand: [1],
  OneHot: [1],
  Pad: [1],
  Range: [0, 1, 2],
  Tile: [1],
};

/**
 * Refuses graphs of a few bytes that ask for any amount of memory: sizes in constants, in Constant nodes, computed from a request,
 * or multiplied by one node after the other. Each value gets a bound on its elements per element of the request; broadcasting
 * between two small values is not counted, it is bounded by the product of what they hold.
 *
 * @param maxElements - Largest bound that a value may have.
 * @throws {GraphRefused}
 */
export function checkSizes(graph: GraphProto, maxElements: number): void {
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, numbersOf(tensor)]));
  const sizes = new Map(graph.initializer.map((tensor) => [tensor.name, elementsOf(tensor)]));
  const makers = new Map<string, NodeProto>();
  for (const node of graph.node) {
    const value = constantOf(node);
    for (const output of node.output) {
      makers.set(output, node);
      if (value === undefined) continue;
      constants.set(output, value);
      sizes.set(output, value.length);
    }
  }
  const sizeOf = (name: string | undefined): number => sizes.get(name ?? '') ?? 1;
  const given = graph.input.map(({ name }) => name).filter((name) => !constants.has(name));
  for (const node of graph.node) {
    if (constantOf(node) !== undefined) continue;
    const numbers = (SIZE_INPUTS[node.opType] ?? []).map((at) =>
      numbersBehind(node, node.input[at], constants, makers, new Set(given)),
    );
    const size = sizeMade(node, numbers, sizeOf);
    if (!(size <= maxElements))
      throw new GraphRefused(
        'elements',
        `node ${node.name} (${node.opType}) must make at most ${maxElements} elements, asks for ${size}`,
      );
    for (const output of node.output) sizes.set(output, size);
  }
}

function sizeMade(
  node: NodeProto,
  numbers: readonly (readonly number[])[],
  sizeOf: (name: string | undefined) => number,
): number {
  const [first] = node.input;
  switch (node.opType) {
    case 'ConstantOfShape':
      return product(numbers[0]!);
    case 'Range':
      return rangeElements(numbers);
    case 'Expand':
    case 'OneHot':
    case 'Pad':
    case 'Tile':
      return sizeOf(first) * product(numbers[0]!);
    case 'Concat':
      return node.input.reduce((sum, input) => sum + sizeOf(input), 0);
    default:
      return node.input.reduce((largest, input) => Math.max(largest, sizeOf(input)), 1);
  }
}

/** Elements of a range between constants; the largest number in it where a part comes from a shape. */
function rangeElements(numbers: readonly (readonly number[])[]): number {
  const [start, limit, step] = numbers.map((values) => values[0]);
  if (start !== undefined && limit !== undefined && step !== undefined)
    return step === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Math.ceil((limit - start) / step));
  return Math.max(1, ...numbers.flat().map(Math.abs));
}

function product(values: readonly number[]): number {
  // -1 and 0 stand for a dimension of the input, which counts once.
  return values.reduce((all, value) => all * Math.max(1, value), 1);
}

/** Every constant that takes part in a size. What comes from the shape of a value adds none. */
function numbersBehind(
  node: NodeProto,
  from: string | undefined,
  constants: ReadonlyMap<string, readonly number[]>,
  makers: ReadonlyMap<string, NodeProto>,
  given: ReadonlySet<string>,
): readonly number[] {
  const found: number[] = [];
  const seen = new Set<string>();
  const waiting = [from ?? ''];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === '' || seen.has(name)) continue;
    seen.add(name);
    const values = constants.get(name);
    const maker = makers.get(name);
    if (values !== undefined) for (const value of values) found.push(value);
    else if (maker === undefined || given.has(name) || !(isShape(maker) || PASSES.has(maker.opType)))
      throw new GraphRefused(
        'elements',
        `node ${node.name} (${node.opType}) must take its size from constants and shapes, takes it from ${maker?.opType ?? 'an input'}`,
      );
    else if (!isShape(maker))
      waiting.push(...(maker.opType === 'Concat' ? maker.input : maker.input.slice(0, 1)));
  }
  return found;
}

function isShape({ opType }: NodeProto): boolean {
  return opType === 'Shape' || opType === 'Size';
}

/** Numbers of a Constant node. */
function constantOf({ opType, attribute }: NodeProto): readonly number[] | undefined {
  if (opType !== 'Constant') return undefined;
  for (const { name, t, i, f, ints, floats } of attribute) {
    if (name === 'value' && t !== undefined) return numbersOf(t);
    if (name === 'value_int') return [Number(i)];
    if (name === 'value_float') return [f];
    if (name === 'value_ints') return ints.map(Number);
    if (name === 'value_floats') return floats;
  }
  return [];
}
