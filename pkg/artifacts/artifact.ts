import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  ArtifactExists,
  ArtifactFilesInvalid,
  ArtifactNotFound,
  ContractMismatch,
  DigestMismatch,
  ManifestInvalid,
  SchemeUnsupported,
} from './errors.ts';
import type { GraphInspection } from '../ml/onnx/inspect.ts';
import { type Manifest, manifestSchema } from './manifest.ts';

export const MANIFEST_FILE = 'manifest.json';
export const MODEL_FILE = 'model.onnx';
export const CARD_FILE = 'MODEL_CARD.md';
/** ONNX's code of float32. */
const FLOAT = 1;

/** An artifact as read: the manifest, the identity that its digest is, and the graph. */
export interface Artifact {
  readonly directory: string;
  readonly manifest: Manifest;
  /** `sha256:<hex>` of manifest.json. */
  readonly digest: string;
  readonly model: Buffer;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Path behind an address: a path or `file:`. @throws {SchemeUnsupported} */
export function localPath(uri: string): string {
  if (uri.startsWith('file:')) return fileURLToPath(uri);
  if (/^[a-z][a-z0-9+.-]+:/i.test(uri)) throw new SchemeUnsupported(uri);
  return uri;
}

/**
 * Writes an artifact: all of it, or nothing. The same contents give the same bytes.
 *
 * @param directory - Made; must not hold anything.
 * @param files - Every file but the manifest, by name.
 * @returns Digest of the manifest.
 * @throws {ArtifactExists}
 */
export async function writeArtifact(
  directory: string,
  manifest: Omit<Manifest, 'files'>,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<string> {
  if (!(await isAbsentOrEmpty(directory))) throw new ArtifactExists(directory);
  const entries = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const whole = manifestSchema.parse({
    ...manifest,
    files: entries.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })),
  });
  const text = Buffer.from(`${JSON.stringify(whole, sortedKeys, 2)}\n`);
  await mkdir(dirname(directory), { recursive: true });
  const scratch = join(dirname(directory), `.${basename(directory)}.${process.pid}.new`);
  await mkdir(scratch);
  try {
    for (const [name, bytes] of entries) await writeFile(join(scratch, name), bytes);
    await writeFile(join(scratch, MANIFEST_FILE), text);
    await rm(directory, { recursive: true, force: true });
    await rename(scratch, directory);
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  }
  return sha256(text);
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
 * @throws {ArtifactNotFound | ManifestInvalid | DigestMismatch | ArtifactFilesInvalid}
 */
export async function readArtifact(directory: string, expectedDigest?: string): Promise<Artifact> {
  const path = join(directory, MANIFEST_FILE);
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    throw new ArtifactNotFound(directory, error);
  }
  const digest = sha256(text);
  if (expectedDigest !== undefined && digest !== expectedDigest)
    throw new DigestMismatch(path, expectedDigest, digest);
  const manifest = parseManifest(path, text);
  await checkFiles(directory, manifest);
  return { directory, manifest, digest, model: await readFile(join(directory, MODEL_FILE)) };
}

function parseManifest(path: string, text: Buffer): Manifest {
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

async function checkFiles(directory: string, manifest: Manifest): Promise<void> {
  const named = new Set([MANIFEST_FILE, ...manifest.files.map((file) => file.path)]);
  if (!named.has(MODEL_FILE)) throw new ArtifactFilesInvalid(directory, `manifest must name ${MODEL_FILE}`);
  const present = await readdir(directory);
  const extra = present.filter((name) => !named.has(name));
  if (extra.length > 0)
    throw new ArtifactFilesInvalid(
      directory,
      `must hold only what the manifest names, also holds ${extra.join(', ')}`,
    );
  for (const file of manifest.files) {
    const path = join(directory, file.path);
    const info = await lstat(path).catch(() => undefined);
    if (info === undefined || !info.isFile())
      throw new ArtifactFilesInvalid(directory, `${file.path} must be a file, is missing or a link`);
    const have = sha256(await readFile(path));
    if (have !== file.sha256) throw new DigestMismatch(path, file.sha256, have);
  }
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
