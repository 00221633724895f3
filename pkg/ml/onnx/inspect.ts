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
import { isAllowed } from './operators.ts';
import { checkSizes } from './sizes.ts';
import { checkTensor, elementsOf } from './tensors.ts';

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
  for (const node of graph.node) checkNode(node, maxElements);
  checkSizes(graph, maxElements);
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

function checkNode({ domain, opType, name, attribute: attributes }: NodeProto, maxElements: number): void {
  for (const attribute of attributes) {
    if (attribute.g !== undefined || attribute.graphs.length > 0)
      refuse('subgraph', `node ${name} (${opType}) must have no graph inside`);
    if (attribute.t !== undefined) checkTensor(attribute.t, maxElements);
    for (const tensor of attribute.tensors) checkTensor(tensor, maxElements);
  }
  if (!isAllowed(domain, opType))
    refuse('operator', `operator must be one that is known, was ${domain || 'ai.onnx'}.${opType}`);
}

function refuse(rule: string, message: string): never {
  throw new GraphRefused(rule, message);
}
