import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';

import type { Clock } from '../../runtime/clock.ts';
import { withoutSecrets } from '../address.ts';
import type { Headers } from './http-get.ts';
import type { HttpFolder } from './http-source.ts';
import { readS3Credentials, type S3CredentialSettings, type S3Credentials } from './s3-credentials.ts';

/** How an S3-compatible store is reached. */
export interface S3Settings extends S3CredentialSettings {
  /** `https://host`; by default that of Amazon in the region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Whether the bucket is a part of the path, not of the host's name. */
  readonly isPathStyle: boolean;
}

/** Objects of a bucket below a prefix, asked for by HTTP, and signed (Signature Version 4) where there are credentials. */
export function s3Folder(
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  settings: S3Settings,
  clock: Clock,
): HttpFolder {
  const base = baseOf(bucket, settings);
  return {
    location: withoutSecrets(`${base}${encodeKey(prefix)}`),
    urlOf: (name) => new URL(`${base}${encodeKey(prefix + name)}`),
    credentials: async (url, headers) => {
      const credentials = await readS3Credentials(settings);
      return credentials === undefined ? headers : sign(url, headers, credentials, settings.region, clock);
    },
  };
}

function baseOf(bucket: string, { endpoint, region, isPathStyle }: S3Settings): string {
  const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  const folder = url.pathname.replace(/\/$/, '');
  // A dot in a bucket's name is one label too many for the certificate of `*.s3...`.
  return isPathStyle || bucket.includes('.')
    ? `${url.origin}${folder}/${bucket}/`
    : `${url.protocol}//${bucket}.${url.host}${folder}/`;
}

/** A key as a path: everything but unreserved characters (RFC 3986) and slashes is escaped, as signatures want it. */
const encodeKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

async function sign(
  url: URL,
  headers: Headers,
  credentials: S3Credentials,
  region: string,
  clock: Clock,
): Promise<Headers> {
  // Loaded where it is needed alone: most processes never sign.
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: NodeSha256,
    uriEscapePath: false,
  });
  const signed = await signer.sign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: {},
      headers: { ...headers, host: url.host },
    },
    { signingDate: new Date(clock.nowUs() / 1000) },
  );
  return signed.headers;
}

type SourceData = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, with a key HMAC, of Node's own library, in the form that the signer takes. */
class NodeSha256 {
  readonly #key: SourceData | undefined;
  #hash: Hash | Hmac;

  constructor(key?: SourceData) {
    this.#key = key;
    this.#hash = this.#begin();
  }

  update(data: SourceData): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#begin();
  }

  #begin(): Hash | Hmac {
    return this.#key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.#key));
  }
}

function bytesOf(data: SourceData): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
