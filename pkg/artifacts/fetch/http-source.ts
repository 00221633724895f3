import type { IncomingMessage } from 'node:http';

import { ResponseUnusable } from './errors.ts';
import { HttpBody } from './http-body.ts';
import type { ArtifactSource, OpenedFile, ResumePoint } from './artifact-source.ts';
import { fetchError, type GetRequest, httpGet, type HttpRules } from './http-get.ts';
import { refusal } from './http-refusal.ts';

/** A folder behind HTTP. */
export interface HttpFolder {
  readonly location: string;
  readonly urlOf: (name: string) => URL;
  /** As in {@link GetRequest}. */
  readonly credentials?: GetRequest['credentials'];
}

/** The files of a folder of a web server; the query of the folder's address goes with each of them. */
export function webFolder(url: URL, location: string): HttpFolder {
  return {
    location,
    urlOf: (name) => {
      const file = new URL(url.href);
      file.pathname += encodeURIComponent(name);
      return file;
    },
  };
}

/** Files of an artifact by HTTP: whole, or from where an earlier reading ended if the server knows ranges and strong ETags. */
export class HttpSource implements ArtifactSource {
  readonly location: string;
  readonly #folder: HttpFolder;
  readonly #rules: HttpRules;

  constructor(folder: HttpFolder, rules: HttpRules) {
    this.location = folder.location;
    this.#folder = folder;
    this.#rules = rules;
  }

  async open(name: string, signal: AbortSignal, resume?: ResumePoint): Promise<OpenedFile> {
    const { credentials } = this.#folder;
    const response = await httpGet(
      {
        url: this.#folder.urlOf(name),
        file: name,
        signal,
        headers: {
          // Digests, lengths and ranges are those of the file, not of something that was made of it for the way.
          'accept-encoding': 'identity',
          ...(resume === undefined ? {} : { range: `bytes=${resume.offset}-`, 'if-range': resume.version }),
        },
        ...(credentials === undefined ? {} : { credentials }),
      },
      this.#rules,
    );
    const body = new HttpBody(response);
    if (resume !== undefined && isUseless(response, resume)) {
      body.close();
      return this.open(name, signal);
    }
    try {
      return await this.#opened(name, response, body, signal, resume);
    } catch (error) {
      body.close();
      throw error;
    }
  }

  async #opened(
    name: string,
    { statusCode: status = 0, headers }: IncomingMessage,
    body: HttpBody,
    signal: AbortSignal,
    resume: ResumePoint | undefined,
  ): Promise<OpenedFile> {
    const { location } = this;
    if (status !== 200 && status !== 206) throw await refusal(location, name, { status, headers, body });
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw new ResponseUnusable(location, name, `it is encoded as ${encoding}`);
    const isPart = status === 206;
    if (isPart && resume === undefined) throw new ResponseUnusable(location, name, 'it is a part of it');
    const { etag } = headers;
    const total = isPart ? RANGE.exec(headers['content-range'] ?? '')?.[2] : headers['content-length'];
    return {
      offset: isPart ? resume!.offset : 0,
      totalBytes: /^\d+$/.test(total ?? '') ? Number(total) : undefined,
      // A weak one names what means the same, not the same bytes.
      version: etag?.startsWith('"') === true ? etag : undefined,
      bytes: this.#bytesOf(body, name, signal),
      close: () => body.close(),
    };
  }

  async *#bytesOf(body: HttpBody, file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* body.read();
    } catch (error) {
      signal.throwIfAborted();
      throw fetchError(error, this.location, file);
    }
  }
}

const RANGE = /^bytes (\d+)-\d+\/(\d+|\*)$/;

/** Whether an answer is no help to go on: the file is shorter or another one by now, or the part is not the one that was asked for. */
function isUseless({ statusCode, headers }: IncomingMessage, { offset, version }: ResumePoint): boolean {
  if (statusCode === 416) return true;
  if (statusCode !== 206) return false;
  const isOther = headers.etag !== undefined && headers.etag !== version;
  return isOther || Number(RANGE.exec(headers['content-range'] ?? '')?.[1]) !== offset;
}
