import { fileURLToPath } from 'node:url';

import { SchemeUnsupported } from './errors.ts';
import { AddressInvalid } from './fetch/errors.ts';

/** Where an artifact is. */
export type ArtifactAddress =
  /** A folder, or an .onnx file, of this machine. */
  | { readonly kind: 'path'; readonly path: string }
  /** A volume that was mounted below a folder of its kind; `path` is relative to it, '' for the volume itself. */
  | {
      readonly kind: 'mount';
      readonly volume: 'pvc' | 'configmap';
      readonly name: string;
      readonly path: string;
    }
  /** A folder of a web server; ends in `/`, keeps its query. */
  | { readonly kind: 'web'; readonly url: URL }
  /** Objects whose keys begin with `prefix`, which is '' or ends in `/`. */
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

/** An address, and the digest that the manifest there must have. */
export interface ArtifactReference {
  readonly address: ArtifactAddress;
  /** `sha256:<hex>`. */
  readonly digest: string | undefined;
}

const PINNED = /#(sha256:[0-9a-f]{64})$/;
const VOLUME_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** Names that S3 takes, those of before with capitals and underscores too. */
const BUCKET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

/**
 * Reads where an artifact is: a path, `file:`, `pvc://claim/path`, `configmap://name`, `https:`, `http:` or `s3://bucket/prefix/`; behind
 * it, where its digest is known, `#sha256:<hex>`.
 *
 * @throws {SchemeUnsupported | AddressInvalid}
 */
export function parseReference(text: string): ArtifactReference {
  const digest = parsePinned(text);
  const uri = digest === undefined ? text : text.slice(0, text.lastIndexOf('#'));
  return { address: parseAddress(uri), digest };
}

/** The digest behind an address, if any. */
export const parsePinned = (text: string): string | undefined => PINNED.exec(text)?.[1];

function parseAddress(uri: string): ArtifactAddress {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return { kind: 'path', path: uri };
    case 'file':
      return { kind: 'path', path: filePath(uri) };
    case 'pvc':
    case 'configmap':
      return volumeAddress(scheme, uri);
    case 'http':
    case 'https':
      return { kind: 'web', url: webFolder(uri) };
    case 's3':
      return bucketAddress(uri);
    default:
      throw new SchemeUnsupported(withoutSecrets(uri));
  }
}

function filePath(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    throw new AddressInvalid('of a file must be file:///path', uri);
  }
}

function volumeAddress(volume: 'pvc' | 'configmap', uri: string): ArtifactAddress {
  const [name = '', ...path] = restOf(uri).split('/');
  if (!VOLUME_NAME.test(name)) throw new AddressInvalid(`must name a ${volume}, ${volume}://name/path`, uri);
  return { kind: 'mount', volume, name, path: segments(path, uri).join('/') };
}

function bucketAddress(uri: string): ArtifactAddress {
  const [bucket = '', ...path] = restOf(uri).split('/');
  if (!BUCKET_NAME.test(bucket))
    throw new AddressInvalid('must name a bucket, s3://bucket/prefix/', withoutSecrets(uri));
  const prefix = segments(path, uri).join('/');
  return { kind: 's3', bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

function webFolder(uri: string): URL {
  if (!URL.canParse(uri)) throw new AddressInvalid('must be an URL', withoutSecrets(uri));
  const url = new URL(uri);
  if (url.username !== '' || url.password !== '')
    throw new AddressInvalid('must be without user and password', withoutSecrets(uri));
  url.hash = '';
  if (url.pathname.endsWith('.onnx') || url.pathname.endsWith('.json'))
    throw new AddressInvalid('must be a folder that holds manifest.json', withoutSecrets(uri));
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

const restOf = (uri: string): string => uri.replace(/^[^:]+:\/*/, '');

/** Parts of a path that stays below where it begins. An empty one at the end stands for a slash. */
function segments(parts: readonly string[], uri: string): readonly string[] {
  const path = parts.at(-1) === '' ? parts.slice(0, -1) : parts;
  if (path.some((part) => part === '' || part === '.' || part === '..'))
    throw new AddressInvalid("must have no empty part, '.' or '..' in its path", withoutSecrets(uri));
  return path;
}

/** An address as it may be shown: no user, password, query or fragment. */
export const withoutSecrets = (uri: string): string =>
  uri.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
