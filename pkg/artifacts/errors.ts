import { TradewindError } from '../runtime/errors.ts';

/**
 * There is no artifact where one was named.
 *
 * @remedy Name a folder that holds `manifest.json`; `tradewind models ls` lists those there are.
 */
export class ArtifactNotFound extends TradewindError {
  readonly code = 'ArtifactNotFound';
  readonly kind = 'notFound';

  constructor(path: string, cause?: unknown) {
    super({
      message: `artifact must be a folder with manifest.json, or an .onnx file, was '${path}'`,
      facts: { path },
      cause,
    });
  }
}

/** The scheme of an artifact's address has no fetcher. */
export class SchemeUnsupported extends TradewindError {
  readonly code = 'SchemeUnsupported';
  readonly kind = 'usage';

  constructor(uri: string) {
    super({ message: `artifact must be a path or a file: address, was '${uri}'`, facts: { uri } });
  }
}

/**
 * The manifest is not one.
 *
 * @remedy Make the artifact again with `tradewind train`, or take a copy that is whole.
 */
export class ManifestInvalid extends TradewindError {
  readonly code = 'ManifestInvalid';
  readonly kind = 'data';

  constructor(path: string, faults: readonly string[]) {
    super({ message: `manifest '${path}' must be valid: ${faults.join('; ')}`, facts: { path } });
  }
}

/**
 * A file is not the one that the manifest names, or the manifest not the one that was asked for.
 *
 * @remedy Do not serve it: copy the artifact again from where it was made, or find out who changed it.
 */
export class DigestMismatch extends TradewindError {
  readonly code = 'DigestMismatch';
  readonly kind = 'data';

  constructor(path: string, want: string, have: string) {
    super({ message: `digest of '${path}' must be ${want}, was ${have}`, facts: { path, want, have } });
  }
}

/**
 * Files are there that the manifest does not name, or it names one that is not there or is a link.
 *
 * @remedy Remove what does not belong to the artifact, or copy it again.
 */
export class ArtifactFilesInvalid extends TradewindError {
  readonly code = 'ArtifactFilesInvalid';
  readonly kind = 'data';

  constructor(directory: string, message: string) {
    super({ message: `artifact '${directory}': ${message}`, facts: { directory } });
  }
}

/**
 * Graph and manifest promise different things.
 *
 * @remedy Serve a model that was trained on these features and bars, or set the stream to those of the model.
 */
export class ContractMismatch extends TradewindError {
  readonly code = 'ContractMismatch';
  readonly kind = 'data';

  constructor(message: string) {
    super({ message });
  }
}

/**
 * The folder to write is there already.
 *
 * @remedy Choose another folder, or remove this one.
 */
export class ArtifactExists extends TradewindError {
  readonly code = 'ArtifactExists';
  readonly kind = 'precondition';

  constructor(directory: string) {
    super({ message: `folder must not exist yet, or be empty, was '${directory}'`, facts: { directory } });
  }
}

/** A file of an artifact is larger than its bound; it was not read. */
export class FileTooLarge extends TradewindError {
  readonly code = 'FileTooLarge';
  readonly kind = 'data';

  constructor(path: string, maxBytes: number, bytes: number) {
    super({
      message: `file '${path}' must be at most ${maxBytes} bytes, was ${bytes}`,
      facts: { path, maxBytes, bytes },
    });
  }
}
