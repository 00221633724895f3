/** Where a file is to be gone on with: the bytes before `offset` are here already, of the version that is named. */
export interface ResumePoint {
  /** Bytes that are here, > 0. */
  readonly offset: number;
  /** As {@link OpenedFile.version} told it. */
  readonly version: string;
}

/** A file of an artifact that is being read. */
export interface OpenedFile {
  /** Place of the first byte that `bytes` gives: the one that was asked for, or 0 where the source begins anew. */
  readonly offset: number;
  /** Length of the whole file in bytes, where the source tells it. */
  readonly totalBytes: number | undefined;
  /** Names these contents, so that reading can be gone on with later; absent where the source cannot do that. */
  readonly version: string | undefined;
  /** The bytes from `offset` on, read once. Ends early by throwing {@link SourceUnavailable} or {@link FetchTimeout}, never silently. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Ends the reading, begun or not. */
  readonly close: () => void;
}

/** A place where the files of one artifact are, elsewhere. */
export interface ArtifactSource {
  /** How messages name it: without query, user or password. */
  readonly location: string;
  /**
   * Opens a file to read it once, from its beginning or from where an earlier reading ended.
   *
   * @param name - As the manifest names it, `manifest.json` included.
   * @param signal - Ends the reading.
   * @throws {FileAbsent} There is no such file.
   * @throws {AccessDenied | SourceUnavailable | FetchTimeout | CertificateUntrusted | RedirectRefused | AddressForbidden | ResponseUnusable}
   */
  open(name: string, signal: AbortSignal, resume?: ResumePoint): Promise<OpenedFile>;
}
