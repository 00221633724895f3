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

/** An artifact's address is of a scheme from which none can be fetched. */
export class SchemeUnsupported extends TradewindError {
  readonly code = 'SchemeUnsupported';
  readonly kind = 'usage';

  constructor(uri: string) {
    super({
      message: `address of an artifact must be a path, or of file:, pvc:, configmap:, https:, http: or s3:, was '${uri}'`,
      facts: { uri },
    });
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

/**
 * An artifact must be signed, and is not.
 *
 * @remedy Sign it with `tradewind models sign`, or with cosign or openssl, as the guide on artifacts says.
 */
export class SignatureMissing extends TradewindError {
  readonly code = 'SignatureMissing';
  readonly kind = 'data';

  constructor(location: string, file: string) {
    super({
      message: `artifact '${location}' must be signed while a public key is set, has no ${file}`,
      facts: { uri: location },
    });
  }
}

/**
 * The signature of an artifact is of none of the keys that count, or of another manifest.
 *
 * @remedy Do not serve it before you know who made it; sign it again, or configure the public key of who signed it.
 */
export class SignatureInvalid extends TradewindError {
  readonly code = 'SignatureInvalid';
  readonly kind = 'data';

  constructor(location: string, keys: number) {
    super({
      message: `signature of '${location}' must be by ${keys === 1 ? 'the key that is' : `one of the ${keys} keys that are`} configured, over this manifest, is not`,
      facts: { uri: location, keys },
    });
  }
}

/**
 * A file of keys is not usable.
 *
 * @remedy Give PEM of Ed25519 or ECDSA P-256, without a password; the guide on artifacts has the line of openssl that makes one.
 */
export class KeyInvalid extends TradewindError {
  readonly code = 'KeyInvalid';
  readonly kind = 'usage';

  constructor(path: string, kind: 'public' | 'private', why: string) {
    super({
      message: `'${path}' must hold a ${kind} key, Ed25519 or ECDSA P-256 in PEM, but ${why}`,
      facts: { path, why },
    });
  }
}
