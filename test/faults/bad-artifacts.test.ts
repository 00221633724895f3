import { cp, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sha256 } from '../../pkg/artifacts/artifact.ts';
import {
  AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
} from '../../proto/gen/onnx/onnx_pb.ts';
import { randomArtifact } from '../support/artifact.ts';
import { runCli } from '../support/cli.ts';
import { someOf } from '../support/test-form.ts';

/** ONNX codes: data in another file, attribute of integers, element types. */
const EXTERNAL = 1;
const INTS = 7;
const FLOAT = 1;
const INT64 = 7;

let folder: string;
let good: string;
let other: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-artifacts-'));
  good = await randomArtifact(folder, { seed: 1, trees: 3 });
  other = await randomArtifact(folder, { seed: 2, trees: 3 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Change = (directory: string) => Promise<unknown>;

interface Manifest {
  contract: { inputs: { shape: number[] }[]; outputs: { name: string }[] };
  files: { path: string; bytes: number; sha256: string }[];
}

/** Changes the manifest as someone could who also makes its digests true. */
const manifest =
  (change: (manifest: Manifest) => void): Change =>
  async (directory) => {
    const path = join(directory, 'manifest.json');
    const value = JSON.parse(await readFile(path, 'utf8')) as Manifest;
    change(value);
    await writeFile(path, JSON.stringify(value));
  };

/** Changes the graph, and the manifest with it, so that only the graph is wrong. */
const graph =
  (change: (model: ModelProto) => void): Change =>
  async (directory) => {
    const path = join(directory, 'model.onnx');
    const model = fromBinary(ModelProtoSchema, await readFile(path));
    change(model);
    const bytes = toBinary(ModelProtoSchema, model);
    await writeFile(path, bytes);
    await manifest(({ files }) => {
      const entry = files.find((file) => file.path === 'model.onnx')!;
      entry.bytes = bytes.length;
      entry.sha256 = sha256(bytes);
    })(directory);
  };

const addNode = (opType: string, domain = ''): Change =>
  graph(({ graph: nodes }) => {
    nodes!.node.push(
      create(NodeProtoSchema, { opType, domain, input: [nodes!.input[0]!.name], output: ['extra'] }),
    );
  });

const CASES: readonly {
  readonly what: string;
  readonly change: Change;
  readonly code: string;
  readonly says: string;
}[] = [
  {
    what: 'a model with one bit changed',
    change: async (directory) => {
      const path = join(directory, 'model.onnx');
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(path, bytes);
    },
    code: 'DigestMismatch',
    says: 'model.onnx',
  },
  {
    what: 'the model of another artifact',
    change: (directory) => cp(join(other, 'model.onnx'), join(directory, 'model.onnx')),
    code: 'DigestMismatch',
    says: 'model.onnx',
  },
  {
    what: 'a model that was cut',
    change: (directory) => truncate(join(directory, 'model.onnx'), 100),
    code: 'DigestMismatch',
    says: 'model.onnx',
  },
  {
    what: 'no model',
    change: (directory) => rm(join(directory, 'model.onnx')),
    code: 'ArtifactFilesInvalid',
    says: 'model.onnx',
  },
  {
    what: 'a file that the manifest does not name',
    change: (directory) => writeFile(join(directory, 'extra.bin'), 'x'),
    code: 'ArtifactFilesInvalid',
    says: 'extra.bin',
  },
  {
    what: 'a link for a file',
    change: async (directory) => {
      await rm(join(directory, 'model.onnx'));
      await symlink(join(other, 'model.onnx'), join(directory, 'model.onnx'));
    },
    code: 'ArtifactFilesInvalid',
    says: 'model.onnx',
  },
  {
    what: 'no manifest',
    change: (directory) => rm(join(directory, 'manifest.json')),
    code: 'ArtifactNotFound',
    says: 'manifest.json',
  },
  {
    what: 'a manifest that is no JSON',
    change: (directory) => writeFile(join(directory, 'manifest.json'), '{'),
    code: 'ManifestInvalid',
    says: 'not JSON',
  },
  {
    what: 'a manifest without what must be in it',
    change: (directory) => writeFile(join(directory, 'manifest.json'), '{"name": 7}'),
    code: 'ManifestInvalid',
    says: 'contract',
  },
  {
    what: 'a manifest that leads out of its folder',
    change: manifest(({ files }) => {
      files[0]!.path = '../elsewhere.onnx';
    }),
    code: 'ManifestInvalid',
    says: 'path',
  },
  {
    what: 'a manifest as large as a bomb',
    change: (directory) => truncate(join(directory, 'manifest.json'), 2 * 1024 ** 3),
    code: 'ManifestInvalid',
    says: 'bytes',
  },
  {
    what: 'a contract with another width than the graph',
    change: manifest(({ contract }) => {
      contract.inputs[0]!.shape = [-1, 3];
    }),
    code: 'ContractMismatch',
    says: '3',
  },
  {
    what: 'a contract with an output that is not there',
    change: manifest(({ contract }) => {
      contract.outputs[0]!.name = 'elsewhere';
    }),
    code: 'ContractMismatch',
    says: 'elsewhere',
  },
  {
    what: 'data outside of the file',
    change: graph((model) => {
      const tensor = model.graph!.initializer[0]!;
      tensor.dataLocation = EXTERNAL;
      tensor.externalData = [
        create(StringStringEntryProtoSchema, { key: 'location', value: '../../etc/passwd' }),
      ];
    }),
    code: 'GraphRefused',
    says: 'data',
  },
  { what: 'an unknown operator', change: addNode('Detonate'), code: 'GraphRefused', says: 'Detonate' },
  {
    what: 'an operator of a foreign domain',
    change: addNode('Relu', 'com.example'),
    code: 'GraphRefused',
    says: 'com.example',
  },
  {
    what: 'a constant that says it is a terabyte',
    change: graph((model) => {
      model.graph!.initializer.push(
        create(TensorProtoSchema, { name: 'bomb', dataType: FLOAT, dims: [1_000_000n, 1_000_000n] }),
      );
    }),
    code: 'GraphRefused',
    says: 'bomb',
  },
  {
    what: 'a constant that is made at run time with a terabyte',
    change: graph((model) => {
      model.graph!.initializer.push(
        create(TensorProtoSchema, {
          name: 'size',
          dataType: INT64,
          dims: [2n],
          int64Data: [1_000_000n, 1_000_000n],
        }),
      );
      model.graph!.node.push(
        create(NodeProtoSchema, { opType: 'ConstantOfShape', input: ['size'], output: ['bomb'] }),
      );
    }),
    code: 'GraphRefused',
    says: 'elements',
  },
  {
    what: 'a size that a node gives to another',
    change: graph((model) => {
      model.graph!.node.push(
        create(NodeProtoSchema, {
          opType: 'Constant',
          output: ['size'],
          attribute: [
            create(AttributeProtoSchema, {
              name: 'value_ints',
              type: INTS,
              ints: [1_000_000n, 1_000_000n],
            }),
          ],
        }),
        create(NodeProtoSchema, { opType: 'ConstantOfShape', input: ['size'], output: ['bomb'] }),
      );
    }),
    code: 'GraphRefused',
    says: 'ConstantOfShape',
  },
];

describe('a wrong artifact', () => {
  it('is told from a right one', async () => {
    expect(await runCli(['models', 'verify', good])).toMatchObject({ code: 0 });
  });

  it.concurrent.each(
    someOf(
      CASES.map((each, index) => ({ ...each, index })),
      2,
    ),
  )('$what gives $code', async ({ change, code, says, index }) => {
    const directory = join(folder, `bad-${index}`);
    await cp(good, directory, { recursive: true });
    await change(directory);
    for (const command of [
      ['models', 'verify'],
      ['serve', '--grpc-port', '0', '--http-port', '0'],
    ]) {
      const finished = await runCli([...command, directory]);
      expect(finished.stderr).toMatch(new RegExp(`^tradewind: ${code}: [^\\n]*\\n$`));
      expect(finished.stderr).toContain(says);
      expect(finished.code).toBe(code === 'ArtifactNotFound' ? 4 : 3);
    }
  });

  it.each([
    ['junk for a model', Buffer.from('hello, I am a model'), 'GraphRefused'],
    ['an empty model', Buffer.alloc(0), 'GraphRefused'],
  ])('%s is not served without a manifest either', async (_what, bytes, code) => {
    const file = join(folder, 'bare.onnx');
    await writeFile(file, bytes);
    const finished = await runCli(['serve', file, '--grpc-port', '0', '--http-port', '0']);
    expect(finished.stderr).toMatch(new RegExp(`^tradewind: ${code}: [^\\n]*\\n$`));
    expect(finished.code).toBe(3);
  });
});
