import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';

import {
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
} from '../../../proto/gen/onnx/onnx_pb.ts';

type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
type Attribute = MessageInitShape<typeof AttributeProtoSchema>;

export const FLOAT = 1;
const INT = 2;
const STRING = 3;
const FLOATS = 6;
const INTS = 7;
const STRINGS = 8;

/** Attributes of the types that our graphs use. */
export const attribute = {
  int: (name: string, i: number): Attribute => ({ name, i: BigInt(i), type: INT }),
  string: (name: string, s: string): Attribute => ({ name, s: Buffer.from(s), type: STRING }),
  floats: (name: string, floats: readonly number[]): Attribute => ({
    name,
    floats: [...floats],
    type: FLOATS,
  }),
  ints: (name: string, ints: readonly number[]): Attribute => ({ name, ints: ints.map(BigInt), type: INTS }),
  strings: (name: string, strings: readonly string[]): Attribute => ({
    name,
    strings: strings.map((text) => Buffer.from(text)),
    type: STRINGS,
  }),
};

/** Builds a graph node by node; values are named by the caller or counted. The same calls give the same bytes. */
export class GraphBuilder {
  readonly #nodes: NodeInit[] = [];
  readonly #initializers: { name: string; dims: bigint[]; dataType: number; rawData: Uint8Array }[] = [];
  #count = 0;

  /** Adds a node and gives the name of its only output. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: readonly Attribute[] = [],
    options: { output?: string; domain?: string } = {},
  ): string {
    const output = options.output ?? this.#name(opType);
    this.#nodes.push({
      opType,
      name: `node_${this.#nodes.length}`,
      input: [...inputs],
      output: [output],
      attribute: [...attributes],
      domain: options.domain ?? '',
    });
    return output;
  }

  /** Adds a float32 constant. */
  floats(values: Float32Array, dims: readonly number[]): string {
    return this.#initializer(
      FLOAT,
      new Uint8Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength)),
      dims,
    );
  }

  scalar(value: number): string {
    return this.floats(Float32Array.of(value), []);
  }

  /** @returns Bytes of the model with float32 inputs and outputs; the first dimension of each is the batch. */
  build(options: {
    readonly name: string;
    readonly inputs: readonly { readonly name: string; readonly width: number }[];
    readonly outputs: readonly { readonly name: string; readonly width: number }[];
    readonly metadata: Readonly<Record<string, string>>;
  }): Uint8Array {
    const tensor = ({ name, width }: { readonly name: string; readonly width: number }) => ({
      name,
      type: {
        value: {
          case: 'tensorType' as const,
          value: {
            elemType: FLOAT,
            shape: {
              dim: [
                { value: { case: 'dimParam' as const, value: 'n' } },
                { value: { case: 'dimValue' as const, value: BigInt(width) } },
              ],
            },
          },
        },
      },
    });
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: 8n,
        producerName: 'tradewind',
        opsetImport: [
          { domain: '', version: 17n },
          { domain: 'ai.onnx.ml', version: 3n },
        ],
        metadataProps: Object.entries(options.metadata).map(([key, value]) => ({ key, value })),
        graph: {
          name: options.name,
          node: this.#nodes,
          initializer: this.#initializers,
          input: options.inputs.map(tensor),
          output: options.outputs.map(tensor),
        },
      }),
    );
  }

  #initializer(dataType: number, rawData: Uint8Array, dims: readonly number[]): string {
    const name = this.#name('constant');
    this.#initializers.push({ name, dims: dims.map(BigInt), dataType, rawData });
    return name;
  }

  #name(kind: string): string {
    this.#count += 1;
    return `${kind}_${this.#count}`;
  }
}
