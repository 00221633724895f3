import { fromBinary } from '@bufbuild/protobuf';

import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../../proto/gen/onnx/onnx_pb.ts';
import { GraphRefused } from './errors.ts';
import { isAllowed, MAKES_SIZE } from './operators.ts';

/** Bounds of what is served. */
export interface InspectLimits {
  /** Size of the file, bytes; default 256 MiB. */
  readonly maxBytes?: number;
  readonly maxNodes?: number;
  /** Elements of one constant, or of one that a node makes from a constant shape. */
  readonly maxElements?: number;
}

/** Name, ONNX element type and shape of an input or output; -1 where it may vary. */
export interface GraphTensor {
  readonly name: string;
  readonly elementType: number;
  readonly shape: readonly number[];
}

/** What a model file contains. */
export interface GraphInspection {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  readonly nodes: number;
  readonly parameters: number;
  /** Count by operator, `domain.Type` outside of the default domain. */
  readonly operators: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly bytes: number;
}

const EXTERNAL = 1;
const INT64 = 7;
const BYTES_OF: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
};

/**
 * Looks at a model file before ONNX Runtime does: form, size, operators, where its data lie, and what it promises.
 *
 * @throws {GraphRefused} With the rule that it breaks as a fact.
 */
export function inspectOnnx(bytes: Uint8Array, limits: InspectLimits = {}): GraphInspection {
  const { maxBytes = 256 * 1024 * 1024, maxNodes = 20_000, maxElements = 64_000_000 } = limits;
  if (bytes.length > maxBytes) refuse('size', `model must be at most ${maxBytes} bytes, was ${bytes.length}`);
  const model = parse(bytes);
  const { graph } = model;
  if (graph === undefined || graph.node.length === 0)
    throw new GraphRefused('form', 'model must have a graph with nodes, had none');
  if (model.functions.length > 0)
    refuse('functions', `model must have no functions of its own, had ${model.functions.length}`);
  if (model.trainingInfo.length > 0) refuse('training', 'model must have no training part');
  if (graph.sparseInitializer.length > 0) refuse('sparse', 'model must have no sparse constants');
  if (graph.node.length > maxNodes)
    refuse('nodes', `graph must have at most ${maxNodes} nodes, had ${graph.node.length}`);
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  for (const tensor of graph.initializer) checkTensor(tensor, maxElements);
  for (const node of graph.node) checkNode(node, constants, maxElements);
  return describe(model, graph, constants, bytes.length);
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    throw new GraphRefused('form', 'model must be an ONNX file, the bytes cannot be read as one');
  }
}

function describe(
  model: ModelProto,
  graph: GraphProto,
  constants: ReadonlyMap<string, TensorProto>,
  bytes: number,
): GraphInspection {
  const operators: Record<string, number> = {};
  for (const { domain, opType } of graph.node) {
    const name = domain === '' ? opType : `${domain}.${opType}`;
    operators[name] = (operators[name] ?? 0) + 1;
  }
  let parameters = 0;
  for (const tensor of constants.values()) parameters += elementsOf(tensor);
  // Old exporters list constants among the inputs.
  const inputs = graph.input.filter(({ name }) => !constants.has(name)).map(signature);
  const outputs = graph.output.map(signature);
  if (inputs.length === 0 || outputs.length === 0)
    refuse('signature', 'model must have at least one input and one output');
  return {
    ...{ inputs, outputs, operators, parameters, bytes },
    nodes: graph.node.length,
    producer: model.producerName,
    opsets: Object.fromEntries(
      model.opsetImport.map(({ domain, version }) => [domain || 'ai.onnx', Number(version)]),
    ),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

function signature({ name, type }: ValueInfoProto): GraphTensor {
  if (type?.value.case !== 'tensorType') {
    throw new GraphRefused(
      'signature',
      `inputs and outputs must be tensors, '${name}' is ${type?.value.case ?? 'untyped'}`,
    );
  }
  const { elemType, shape } = type.value.value;
  const dims = shape?.dim.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : -1)) ?? [];
  return { name, elementType: elemType, shape: dims };
}

function checkNode(node: NodeProto, constants: ReadonlyMap<string, TensorProto>, maxElements: number): void {
  const { domain, opType } = node;
  if (!isAllowed(domain, opType))
    refuse('operator', `operator must be one that is known, was ${domain || 'ai.onnx'}.${opType}`);
  for (const attribute of node.attribute) {
    if (attribute.g !== undefined || attribute.graphs.length > 0)
      refuse('subgraph', `node ${node.name} (${opType}) must have no graph inside`);
    if (attribute.t !== undefined) checkTensor(attribute.t, maxElements);
    for (const tensor of attribute.tensors) checkTensor(tensor, maxElements);
  }
  if (!MAKES_SIZE.has(opType)) return;
  // The shape that such a node makes is in a constant: a few bytes could ask for any amount of memory.
  for (const input of node.input) {
    const shape = constants.get(input);
    if (shape?.dataType !== INT64) continue;
    const elements = int64Values(shape).reduce((product, value) => product * Math.max(1, Number(value)), 1);
    if (elements > maxElements)
      refuse(
        'elements',
        `node ${node.name} (${opType}) must make at most ${maxElements} elements, asks for ${elements}`,
      );
  }
}

function int64Values(tensor: TensorProto): readonly bigint[] {
  if (tensor.rawData.length === 0) return tensor.int64Data;
  const whole = tensor.rawData.slice(0, Math.floor(tensor.rawData.length / 8) * 8);
  return [...new BigInt64Array(whole.buffer)];
}

function elementsOf({ dims }: TensorProto): number {
  return dims.reduce((product, dim) => product * Number(dim), 1);
}

function checkTensor(tensor: TensorProto, maxElements: number): void {
  const { name, dataType, rawData } = tensor;
  if (tensor.dataLocation === EXTERNAL || tensor.externalData.length > 0) {
    refuse('external', `constant '${name}' must lie in the model file, lies elsewhere`);
  }
  const elements = elementsOf(tensor);
  if (!(elements >= 0) || elements > maxElements)
    refuse('elements', `constant '${name}' must have at most ${maxElements} elements, says ${elements}`);
  const size = BYTES_OF[dataType];
  if (rawData.length > 0 && size !== undefined && rawData.length !== elements * size) {
    refuse('elements', `constant '${name}' must have ${elements * size} bytes, has ${rawData.length}`);
  }
}

function refuse(rule: string, message: string): never {
  throw new GraphRefused(rule, message);
}
