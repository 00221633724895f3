import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

import { FileUnreadable } from '../runtime/common-errors.ts';
import { KeyInvalid, SignatureInvalid } from './errors.ts';
import { readBounded } from './read-bounded.ts';

/** File of an artifact that holds the signature over the bytes of manifest.json. */
export const SIGNATURE_FILE = 'manifest.json.sig';
/** Largest file of a signature, bytes: a bundle has certificates and proofs beside. */
export const MAX_SIGNATURE_BYTES = 64 * 1024;
const MAX_KEY_BYTES = 64 * 1024;
const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----/g;

/**
 * Reads the public keys of a PEM file: Ed25519, or ECDSA on P-256 as cosign makes them.
 *
 * @returns At least one; a signature of any of them is accepted, so that keys can be exchanged one after the other.
 * @throws {FileUnreadable | KeyInvalid}
 */
export async function readPublicKeys(path: string): Promise<readonly KeyObject[]> {
  const blocks = (await readPem(path)).match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new KeyInvalid(path, 'public', 'it holds no PEM');
  // A public key could be made of it, but who verifies has no use for what signs.
  if (blocks.some((pem) => pem.includes('PRIVATE')))
    throw new KeyInvalid(path, 'public', 'it holds a private one');
  return blocks.map((pem) => usable(path, 'public', () => createPublicKey(pem)));
}

/** Reads a private key, PEM without a password. @throws {FileUnreadable | KeyInvalid} */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  const pem = await readPem(path);
  return usable(path, 'private', () => createPrivateKey(pem));
}

async function readPem(path: string): Promise<string> {
  // A key of a mounted Secret is a link.
  const bytes = await readBounded(path, MAX_KEY_BYTES, { followLinks: true });
  if (bytes === undefined) throw new FileUnreadable(path);
  return bytes.toString('utf8');
}

function usable(path: string, kind: 'public' | 'private', read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw new KeyInvalid(path, kind, 'its PEM is of another kind, damaged, or has a password');
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isKnown = type === 'ed25519' || (type === 'ec' && details?.namedCurve === 'prime256v1');
  if (!isKnown)
    throw new KeyInvalid(path, kind, `it is ${type ?? 'unknown'} ${details?.namedCurve ?? ''}`.trim());
  return key;
}

/** Ed25519 signs the bytes as they are (RFC 8032), ECDSA their SHA-256. */
const hashOf = (key: KeyObject): 'sha256' | null => (key.asymmetricKeyType === 'ec' ? 'sha256' : null);

/** The contents of {@link SIGNATURE_FILE} for a manifest: base64 and a line end. */
export function signManifest(manifestBytes: Uint8Array, privateKey: KeyObject): string {
  return `${sign(hashOf(privateKey), manifestBytes, privateKey).toString('base64')}\n`;
}

/**
 * Checks a signature over a manifest. Its file may hold base64, as `cosign sign-blob --output-signature` and `tradewind models sign` write it; a
 * Sigstore bundle (`cosign sign-blob --bundle`), of which only the signature by the key counts; or the bare bytes, as openssl writes them.
 *
 * @throws {SignatureInvalid} None of the keys has made it.
 */
export function verifySignature(
  location: string,
  manifestBytes: Uint8Array,
  signatureFile: Uint8Array,
  keys: readonly KeyObject[],
): void {
  const candidates = signaturesIn(Buffer.from(signatureFile));
  const isGood = keys.some((key) =>
    candidates.some((signature) => verify(hashOf(key), manifestBytes, key, signature)),
  );
  if (!isGood) throw new SignatureInvalid(location, keys.length);
}

/** What the bytes of a signature may be, by their form. */
function signaturesIn(file: Buffer): readonly Buffer[] {
  const text = file.toString('latin1').trim();
  const base64 = text.startsWith('{') ? bundledSignature(file) : text;
  return base64 !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(base64)
    ? [Buffer.from(base64, 'base64'), file]
    : [file];
}

function bundledSignature(file: Buffer): string | undefined {
  try {
    const bundle = JSON.parse(file.toString('utf8')) as {
      readonly messageSignature?: { readonly signature?: unknown };
      /** The form of cosign before 3. */
      readonly base64Signature?: unknown;
    };
    const signature = bundle.messageSignature?.signature ?? bundle.base64Signature;
    return typeof signature === 'string' ? signature : undefined;
  } catch {
    return undefined;
  }
}
