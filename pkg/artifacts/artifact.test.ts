import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { randomArtifact } from '../../test/support/artifact.ts';
import { inspectOnnx } from '../ml/onnx/inspect.ts';
import { checkContract, readArtifact, sha256, writeArtifact } from './artifact.ts';

let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-artifact-'));
  directory = await randomArtifact(folder, { trees: 2 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(directory, name);

describe('reading', () => {
  it('hands on the bytes that were hashed', async () => {
    const { model, manifest, digest } = await readArtifact(directory);
    expect(sha256(model)).toBe(manifest.files.find(({ path }) => path === 'model.onnx')!.sha256);
    expect((await readArtifact(directory, digest)).digest).toBe(digest);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a changed model', async () => writeFile(at('model.onnx'), 'other'), 'DigestMismatch'],
    ['a missing model', async () => rm(at('model.onnx')), 'ArtifactFilesInvalid'],
    [
      'a link instead of a model',
      async () => {
        await writeFile(join(folder, 'elsewhere'), await readFile(at('model.onnx')));
        await rm(at('model.onnx'));
        await symlink(join(folder, 'elsewhere'), at('model.onnx'));
      },
      'ArtifactFilesInvalid',
    ],
    ['a file too many', async () => writeFile(at('setup.sh'), ''), 'ArtifactFilesInvalid'],
    ['a manifest that is no JSON', async () => writeFile(at('manifest.json'), '{'), 'ManifestInvalid'],
    ['a manifest of another kind', async () => writeFile(at('manifest.json'), '[]'), 'ManifestInvalid'],
    ['no manifest', async () => rm(at('manifest.json')), 'ArtifactNotFound'],
    ['a manifest of 2 MiB', async () => truncate(at('manifest.json'), 2 ** 21), 'ManifestInvalid'],
    ['a model of 4 GiB', async () => truncate(at('model.onnx'), 2 ** 32), 'FileTooLarge'],
  ])('refuses %s', async (_what, change, code) => {
    await change();
    await expect(readArtifact(directory)).rejects.toMatchObject({ code });
  });

  it('refuses a manifest that is not the one asked for', async () => {
    await expect(readArtifact(directory, sha256(Buffer.from('x')))).rejects.toMatchObject({
      code: 'DigestMismatch',
    });
  });
});

describe('contract', () => {
  it('fits its own graph, and no other names, types or shapes', async () => {
    const { manifest, model } = await readArtifact(directory);
    const graph = inspectOnnx(model);
    checkContract(manifest, graph);
    const { contract } = manifest;
    const [input] = contract.inputs;
    const wrong = [
      { ...contract, inputs: [{ ...input!, name: 'other' }] },
      { ...contract, inputs: [{ ...input!, datatype: 'FP64' as const }] },
      { ...contract, inputs: [{ ...input!, shape: [-1, 3] }] },
      { ...contract, outputs: contract.outputs.slice(1) },
      { ...contract, outputs: contract.outputs.map((output) => ({ ...output, shape: [-1, 9] })) },
    ];
    for (const each of wrong)
      expect(() => checkContract({ ...manifest, contract: each }, graph)).toThrow(
        expect.objectContaining({ code: 'ContractMismatch' }),
      );
  });
});

it('writes into a free folder only, and the same bytes for the same contents', async () => {
  const { manifest, model, digest } = await readArtifact(directory);
  const { files: _files, ...rest } = manifest;
  const files = { 'model.onnx': model };
  await expect(writeArtifact(directory, rest, files)).rejects.toMatchObject({ code: 'ArtifactExists' });
  expect(await writeArtifact(join(folder, 'again'), rest, files)).toBe(digest);
});

describe('writing', () => {
  let again: string;
  beforeEach(() => {
    again = join(folder, 'again');
  });

  async function write(): Promise<string> {
    const { manifest, model } = await readArtifact(directory);
    const { files: _files, ...rest } = manifest;
    return writeArtifact(again, rest, { 'model.onnx': model });
  }

  it('takes a folder that is there and empty, and can be read by others', async () => {
    await mkdir(again);
    await write();
    expect((await readArtifact(again)).directory).toBe(again);
    expect((await stat(again)).mode & 0o055 & ~process.umask()).toBe(0o055 & ~process.umask());
  });

  it('does not stumble over what a run before left behind, and leaves nothing itself', async () => {
    await mkdir(join(folder, `.again.${process.pid}.new`));
    await write();
    expect((await readdir(folder)).filter((name) => name.includes('again')).toSorted()).toEqual([
      `.again.${process.pid}.new`,
      'again',
    ]);
  });

  it('never removes what somebody put there meanwhile', async () => {
    const { manifest, model } = await readArtifact(directory);
    const { files: _files, ...rest } = manifest;
    await mkdir(again);
    const bytes = Buffer.from(model);
    const meddling = {
      'model.onnx': bytes,
      // Read when the files are written, after the folder was found to be empty.
      get 'notes.txt'() {
        writeFileSync(join(again, 'precious'), 'x');
        return Buffer.from('x');
      },
    };
    await expect(writeArtifact(again, rest, meddling)).rejects.toMatchObject({ code: 'ArtifactExists' });
    expect(await readdir(again)).toEqual(['precious']);
  });
});
