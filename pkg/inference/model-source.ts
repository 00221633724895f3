import { basename } from 'node:path';

import { parseReference } from '../artifacts/address.ts';
import { type Artifact, readArtifact } from '../artifacts/artifact.ts';
import { ArtifactNotFound, SchemeUnsupported } from '../artifacts/errors.ts';
import { MAX_MODEL_BYTES, readBounded } from '../artifacts/read-bounded.ts';

/** A model that was read: an artifact that is what its manifest says, or the bytes of an .onnx file. */
export type ModelSource = ArtifactModel | OnnxFile;

interface ReadModel {
  /** Name that it has by itself. */
  readonly name: string;
  /** Lets go of what was kept for it where it was read from. */
  readonly release: () => Promise<void>;
}

export interface ArtifactModel extends ReadModel {
  readonly kind: 'artifact';
  readonly artifact: Artifact;
}

export interface OnnxFile extends ReadModel {
  readonly kind: 'onnx';
  readonly bytes: Buffer;
}

const nothing = (): Promise<void> => Promise.resolve();

/** A model that was read as an artifact. */
export const artifactSource = (
  artifact: Artifact,
  release: () => Promise<void> = nothing,
): ArtifactModel => ({
  ...{ kind: 'artifact', artifact, name: artifact.manifest.name, release },
});

/** Path of an .onnx file of this machine; `undefined` where the address is of something else. */
export function onnxPath(source: string): string | undefined {
  const { address } = parseReference(source);
  return address.kind === 'path' && address.path.endsWith('.onnx') ? address.path : undefined;
}

/** Reads a bare .onnx file. @throws {ArtifactNotFound | FileTooLarge} */
export async function readOnnxFile(path: string): Promise<OnnxFile> {
  const bytes = await readBounded(path, MAX_MODEL_BYTES, { followLinks: true });
  if (bytes === undefined) throw new ArtifactNotFound(path);
  return { kind: 'onnx', bytes, name: basename(path, '.onnx'), release: nothing };
}

/**
 * Reads what lies on this machine.
 *
 * @param source - Folder of an artifact, .onnx file, or `file:` address of either.
 */
export async function readLocalModel(source: string): Promise<ModelSource> {
  const path = onnxPath(source);
  if (path !== undefined) return readOnnxFile(path);
  const { address, digest } = parseReference(source);
  if (address.kind !== 'path') throw new SchemeUnsupported(source);
  return artifactSource(await readArtifact(address.path, digest));
}
