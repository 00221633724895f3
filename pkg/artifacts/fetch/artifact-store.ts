import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';

import type { Clock } from '../../runtime/clock.ts';
import { type ArtifactAddress, parseReference, withoutSecrets } from '../address.ts';
import { readArtifact, sha256 } from '../artifact.ts';
import { DigestMismatch, SignatureMissing } from '../errors.ts';
import { checkExpectation, type ContractExpectation } from '../expectation.ts';
import { readBounded } from '../read-bounded.ts';
import { MAX_SIGNATURE_BYTES, readPublicKeys, SIGNATURE_FILE, verifySignature } from '../signature.ts';
import { ArtifactCache, type CacheSettings } from './artifact-cache.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { DigestRequired } from './errors.ts';
import type { FetchObserver } from './fetch-artifact.ts';
import type { HttpRules } from './http-get.ts';
import { HttpSource, webFolder } from './http-source.ts';
import { mountedFolder } from './mounted-folder.ts';
import { type OpenedArtifact, RemoteArtifact } from './remote-artifact.ts';
import type { RetrySettings } from './retries.ts';
import { s3Folder, type S3Settings } from './s3-folder.ts';

/** How artifacts are found, fetched and trusted. */
export interface StoreSettings {
  /** `Off` looks neither at expected digests nor at signatures; files are held against the manifest in any case. */
  readonly verification: 'Enforce' | 'Off';
  /** PEM of the public keys; where there is one, every artifact must be signed. */
  readonly publicKeyFile: string | undefined;
  /** Largest sum of the files that a manifest names. */
  readonly maxModelBytes: number;
  readonly cache: CacheSettings;
  /** Folders below which volumes are mounted, each by its name. */
  readonly mounts: Readonly<Record<'pvc' | 'configmap', string>>;
  readonly http: HttpRules;
  readonly s3: S3Settings;
  readonly retry: RetrySettings;
}

/** What an artifact is opened for. */
export interface OpenOptions {
  readonly signal: AbortSignal;
  /** Digest that the manifest must have; one behind the address counts where none is given here. */
  readonly digest?: string | undefined;
  readonly expect?: ContractExpectation | undefined;
  readonly observer?: FetchObserver;
}

/** Artifacts from wherever they are. */
export class ArtifactStore {
  readonly #settings: StoreSettings;
  readonly #cache: ArtifactCache;
  readonly #clock: Clock;

  constructor(settings: StoreSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#cache = new ArtifactCache(settings.cache, clock);
  }

  /**
   * Reads an artifact: where it is mounted, from the cache, or from afar into the cache. The manifest's digest and signature count
   * before anything else is looked at.
   *
   * @param uri - As {@link parseReference} takes it.
   * @throws A TradewindError that says what is wrong with the address, the place or the artifact.
   */
  async open(uri: string, options: OpenOptions): Promise<OpenedArtifact> {
    const { address, digest: pinned } = parseReference(uri);
    const { verification, publicKeyFile, retry, maxModelBytes } = this.#settings;
    const isEnforced = verification === 'Enforce';
    const digest = isEnforced ? (options.digest ?? pinned) : undefined;
    const keys = isEnforced && publicKeyFile !== undefined ? await readPublicKeys(publicKeyFile) : [];
    const source = this.#sourceOf(address);
    if (source === undefined) return this.#openHere(await this.#folderOf(address), digest, keys, options);
    if (isEnforced && digest === undefined && keys.length === 0)
      throw new DigestRequired(withoutSecrets(uri));
    const remote = new RemoteArtifact({ source, cache: this.#cache, keys, retry, maxModelBytes, ...options });
    return remote.open(digest);
  }

  /**
   * Holds a bare .onnx file against what is asked of artifacts. It has no manifest: its own digest counts, and it cannot be signed.
   *
   * @throws {DigestMismatch | SignatureMissing}
   */
  acceptFile(path: string, bytes: Buffer, digest: string | undefined): void {
    const { verification, publicKeyFile } = this.#settings;
    if (verification === 'Off') return;
    if (publicKeyFile !== undefined) throw new SignatureMissing(path, SIGNATURE_FILE);
    if (digest !== undefined && sha256(bytes) !== digest)
      throw new DigestMismatch(path, digest, sha256(bytes));
  }

  async #openHere(
    directory: string,
    digest: string | undefined,
    keys: readonly KeyObject[],
    { expect, observer }: OpenOptions,
  ): Promise<OpenedArtifact> {
    observer?.onPhase?.('verifying');
    const { maxModelBytes } = this.#settings;
    const artifact = await readArtifact(directory, digest, {
      maxModelBytes,
      accept: async (manifest, manifestBytes, manifestDigest) => {
        if (keys.length > 0) await checkSignatureIn(directory, manifestBytes, keys);
        checkExpectation(expect, manifest);
        observer?.onManifest?.(manifest.name, manifestDigest);
      },
    });
    return { artifact, release: () => Promise.resolve() };
  }

  /** Folder of an artifact that is here. */
  async #folderOf(address: ArtifactAddress): Promise<string> {
    if (address.kind === 'path') return mountedFolder(address.path);
    if (address.kind !== 'mount') throw new TypeError('an artifact that is elsewhere has no folder');
    const volume = await mountedFolder(join(this.#settings.mounts[address.volume], address.name));
    return join(volume, address.path);
  }

  /** Where an artifact has to be fetched from; `undefined` where it is here. */
  #sourceOf(address: ArtifactAddress): ArtifactSource | undefined {
    const { http, s3 } = this.#settings;
    switch (address.kind) {
      case 's3':
        return new HttpSource(s3Folder(address, s3, this.#clock), http);
      case 'web':
        return new HttpSource(webFolder(address.url, withoutSecrets(address.url.href)), http);
      case 'path':
      case 'mount':
        return undefined;
    }
  }
}

async function checkSignatureIn(
  directory: string,
  manifestBytes: Buffer,
  keys: readonly KeyObject[],
): Promise<void> {
  const signature = await readBounded(join(directory, SIGNATURE_FILE), MAX_SIGNATURE_BYTES);
  if (signature === undefined) throw new SignatureMissing(directory, SIGNATURE_FILE);
  verifySignature(directory, manifestBytes, signature, keys);
}
