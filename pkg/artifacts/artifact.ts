import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import {
  ArtifactExists,
  ArtifactFilesInvalid,
  ArtifactNotFound,
  ContractMismatch,
  DigestMismatch,
  FileTooLarge,
  ManifestInvalid,
} from './errors.ts';
import type { GraphInspection } from '../ml/onnx/inspect.ts';
import { writingAt } from '../runtime/writable.ts';
import { type Manifest, manifestSchema, type NewManifest, type TensorSpec } from './manifest.ts';
import { MAX_MANIFEST_BYTES, MAX_MODEL_BYTES, readBounded } from './read-bounded.ts';
import { SIGNATURE_FILE } from './signature.ts';

export const MANIFEST_FILE = 'manifest.json';
export const MODEL_FILE = 'model.onnx';
export const CARD_FILE = 'MODEL_CARD.md';
/** ONNX's code of float32. */
const FLOAT = 1;

/** An artifact as read: the manifest, the identity that its digest is, and the graph. */
export interface Artifact {
  readonly directory: string;
  readonly manifest: Manifest;
  /** manifest.json, byte for byte. */
  readonly manifestBytes: Buffer;
  /** `sha256:<hex>` of manifest.json. */
  readonly digest: string;
  readonly model: Buffer;
}

export interface ReadOptions {
  /** Largest file but the manifest. */
  readonly maxModelBytes?: number;
  /** Refuses a manifest by throwing, before any other file is looked at. */
  readonly accept?: (manifest: Manifest, manifestBytes: Buffer, digest: string) => Promise<void>;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Writes an artifact: all of it, or nothing. The same contents give the same bytes.
 *
 * @param directory - Made; must not hold anything.
 * @param files - Every file but the manifest, by name.
 * @returns Digest of the manifest.
 * @throws {ArtifactExists | FileUnwritable}
 */
export async function writeArtifact(
  directory: string,
  manifest: NewManifest,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<string> {
  if (!(await isAbsentOrEmpty(directory))) throw new ArtifactExists(directory);
  const entries = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const complete = manifestSchema.parse({
    ...manifest,
    files: entries.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })),
  });
  const text = Buffer.from(`${JSON.stringify(complete, sortedKeys, 2)}\n`);
  await writingAt(directory, () => putFolder(directory, [...entries, [MANIFEST_FILE, text]]));
  return sha256(text);
}

/** The folder is there with every file, or not at all. */
async function putFolder(
  directory: string,
  files: readonly (readonly [string, Uint8Array])[],
): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  // A name that no run before this one can have left behind.
  const scratch = await mkdtemp(join(dirname(directory), `.${basename(directory)}.`));
  try {
    // Not the scratch folder itself: that one is made for this user alone, and an artifact is read by others.
    const whole = join(scratch, 'new');
    await mkdir(whole);
    for (const [name, bytes] of files) await writeFile(join(whole, name), bytes);
    await rename(whole, directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') throw new ArtifactExists(directory);
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Keys in order, so that equal contents are equal bytes. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Reads an artifact and checks every digest in it.
 *
 * @param expectedDigest - What the manifest's digest must be, where the caller knows it.
 * @throws {ArtifactNotFound | FileTooLarge | ManifestInvalid | DigestMismatch | ArtifactFilesInvalid}
 */
export async function readArtifact(
  directory: string,
  expectedDigest?: string,
  { maxModelBytes = MAX_MODEL_BYTES, accept }: ReadOptions = {},
): Promise<Artifact> {
  const path = join(directory, MANIFEST_FILE);
  const text = await readBounded(path, MAX_MANIFEST_BYTES).catch((error: unknown) => {
    if (!(error instanceof FileTooLarge)) throw error;
    throw new ManifestInvalid(path, [`it must be at most ${MAX_MANIFEST_BYTES} bytes`]);
  });
  if (text === undefined) throw new ArtifactNotFound(directory);
  const digest = sha256(text);
  if (expectedDigest !== undefined && digest !== expectedDigest)
    throw new DigestMismatch(path, expectedDigest, digest);
  const manifest = parseManifest(path, text);
  await accept?.(manifest, text, digest);
  const model = await readFiles(directory, manifest, maxModelBytes);
  return { directory, manifest, manifestBytes: text, digest, model };
}

/** @param path - Where it is from, for the message. @throws {ManifestInvalid} */
export function parseManifest(path: string, text: Buffer): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text.toString('utf8'));
  } catch {
    throw new ManifestInvalid(path, ['it is not JSON']);
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  throw new ManifestInvalid(
    path,
    result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`),
  );
}

/**
 * Checks every file that the manifest names.
 *
 * @returns The model: the very bytes that were hashed, since a file that is read twice may be another one the second time.
 */
async function readFiles(directory: string, manifest: Manifest, maxBytes: number): Promise<Buffer> {
  const named = new Set([MANIFEST_FILE, SIGNATURE_FILE, ...manifest.files.map((file) => file.path)]);
  const extra = (await readdir(directory)).filter((name) => !named.has(name));
  if (extra.length > 0)
    throw new ArtifactFilesInvalid(
      directory,
      `must hold only what the manifest names, also holds ${extra.join(', ')}`,
    );
  let model: Buffer | undefined;
  for (const file of manifest.files) {
    const path = join(directory, file.path);
    const bytes = await readBounded(path, maxBytes);
    if (bytes === undefined)
      throw new ArtifactFilesInvalid(directory, `${file.path} must be a file, is missing or a link`);
    const have = sha256(bytes);
    if (have !== file.sha256) throw new DigestMismatch(path, file.sha256, have);
    if (file.path === MODEL_FILE) model = bytes;
  }
  if (model === undefined) throw new ArtifactFilesInvalid(directory, `manifest must name ${MODEL_FILE}`);
  return model;
}

/** Checks that the graph has the inputs and outputs that the manifest promises. @throws {ContractMismatch} */
export function checkContract({ contract, members }: Manifest, graph: GraphInspection): void {
  const width = contract.features.length;
  const [input] = graph.inputs;
  if (graph.inputs.length !== 1 || input?.elementType !== FLOAT || input.shape.at(-1) !== width) {
    throw new ContractMismatch(
      `graph must take one float32 input of ${width} features, takes ${describe(graph.inputs)}`,
    );
  }
  const wanted = new Map([
    ['probability_up', 1],
    ['members', members.length],
  ]);
  for (const [name, columns] of wanted) {
    const output = graph.outputs.find((candidate) => candidate.name === name);
    if (output?.elementType !== FLOAT || output.shape.at(-1) !== columns) {
      throw new ContractMismatch(
        `graph must give float32 '${name}' of ${columns} columns, gives ${describe(graph.outputs)}`,
      );
    }
  }
  checkTensors('inputs', contract.inputs, graph.inputs);
  checkTensors('outputs', contract.outputs, graph.outputs);
}

/** Datatypes that a contract may name, by ONNX's code. */
const DATATYPES: Readonly<Record<number, string>> = {
  1: 'FP32',
  6: 'INT32',
  7: 'INT64',
  9: 'BOOL',
  11: 'FP64',
};

/** Name, type and shape must be those of the graph, in any order. */
function checkTensors(
  what: string,
  promised: readonly TensorSpec[],
  tensors: GraphInspection['inputs'],
): void {
  const fits = promised.every(({ name, datatype, shape }) => {
    const tensor = tensors.find((candidate) => candidate.name === name);
    return DATATYPES[tensor?.elementType ?? 0] === datatype && tensor?.shape.join() === shape.join();
  });
  if (fits && promised.length === tensors.length) return;
  const want = promised.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  throw new ContractMismatch(
    `${what} of the graph must be as the contract has them, ${want}, are ${describe(tensors)}`,
  );
}

function describe(tensors: GraphInspection['inputs']): string {
  return tensors.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
}

/** @returns Whether an artifact may be written there. */
export async function isAbsentOrEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    return false;
  }
}
