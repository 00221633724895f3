import { z } from 'zod';

import { parsePinned } from '../../pkg/artifacts/address.ts';
import { readBounded } from '../../pkg/artifacts/read-bounded.ts';
import type { ContractExpectation } from '../../pkg/artifacts/expectation.ts';
import { ArtifactStore, type OpenOptions } from '../../pkg/artifacts/fetch/artifact-store.ts';
import {
  artifactSource,
  type ModelSource,
  onnxPath,
  readOnnxFile,
} from '../../pkg/inference/model-source.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { FileUnreadable } from '../../pkg/runtime/common-errors.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { type ArtifactSection, artifactSection } from '../artifact-settings.ts';

/** Tries of one request before the failure is told; what is told is tried again later. */
const TRIES = 5;
const MAX_PAUSE_FACTOR = 30;
const MAX_PEM_BYTES = 4 * 1024 * 1024;

/** Opens the store of artifacts that a configuration describes. @throws {FileUnreadable} The file of authorities is not there. */
export async function openStore(section: ArtifactSection): Promise<ArtifactStore> {
  const { verification, publicKeyFile, maxModelBytes, mounts, s3, retryPauseMs } = section;
  const { allowHttp, allowLinkLocal, connectTimeoutMs, idleTimeoutMs, caFile } = section;
  const { pathStyle: isPathStyle, ...s3Settings } = s3;
  return new ArtifactStore(
    {
      ...{ verification, publicKeyFile, maxModelBytes, mounts },
      cache: { directory: section.cacheDir, maxBytes: section.cacheMaxBytes },
      http: {
        ...{ allowHttp, allowLinkLocal, connectTimeoutMs, idleTimeoutMs },
        caPem: caFile === undefined ? undefined : await readPem(caFile),
      },
      s3: { ...s3Settings, isPathStyle },
      retry: { tries: TRIES, pauseMs: retryPauseMs, maxPauseMs: MAX_PAUSE_FACTOR * retryPauseMs },
    },
    systemClock,
  );
}

async function readPem(path: string): Promise<string> {
  const bytes = await readBounded(path, MAX_PEM_BYTES, { followLinks: true });
  if (bytes === undefined) throw new FileUnreadable(path);
  return bytes.toString('utf8');
}

const schema = z.strictObject({ artifact: artifactSection });

/**
 * The store of artifacts of a command: settings from the environment.
 *
 * @param publicKeyFile - From a flag; wins over the environment.
 * @throws {ConfigInvalid | FileUnreadable}
 */
export function storeOfCommand(publicKeyFile?: string): Promise<ArtifactStore> {
  const flags = { 'artifact.publicKeyFile': publicKeyFile };
  return openStore(loadConfig(schema, { env: process.env, flags }).artifact);
}

/** What reading models needs to know beside where they are. */
export interface ReaderOptions {
  readonly signal: AbortSignal;
  readonly digest?: string | undefined;
  readonly expect?: ContractExpectation | undefined;
  /** Who is told of an address how reading it gets on. */
  readonly observer?: (uri: string) => NonNullable<OpenOptions['observer']>;
}

/** Reads models for a repository: artifacts from the store, and .onnx files of this machine. */
export function modelReader(
  store: ArtifactStore,
  { signal, digest, expect, observer }: ReaderOptions,
): (uri: string) => Promise<ModelSource> {
  return async (uri) => {
    const path = onnxPath(uri);
    if (path !== undefined) {
      const model = await readOnnxFile(path);
      store.acceptFile(path, model.bytes, digest ?? parsePinned(uri));
      return model;
    }
    const { artifact, release } = await store.open(uri, {
      ...{ signal, digest, expect },
      ...(observer === undefined ? {} : { observer: observer(uri) }),
    });
    return artifactSource(artifact, release);
  };
}
