import type { IncomingHttpHeaders } from 'node:http';

import { AccessDenied, FileAbsent, ResponseUnusable, SourceUnavailable } from './errors.ts';
import type { HttpBody } from './http-body.ts';

/** Bytes of the body of a refusal that are looked at. */
const MAX_REFUSAL_BYTES = 4096;

/** An answer without the file. */
interface Refused {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: HttpBody;
}

/** The error that a status other than success means. */
export async function refusal(
  location: string,
  file: string,
  { status, headers, body }: Refused,
): Promise<Error> {
  if (status === 404 || status === 410) return new FileAbsent(location, file);
  if (status === 401 || status === 403) {
    // Stores of the kind of S3 say in XML what is wrong with the signature.
    const code = /<Code>(\w{1,64})<\/Code>/.exec(await beginningOf(body))?.[1];
    return new AccessDenied(location, file, `status ${status}${code === undefined ? '' : `, ${code}`}`);
  }
  if (status === 429 || status === 408 || status >= 500)
    return new SourceUnavailable(location, file, `status ${status}`, undefined, retryAfterMs(headers));
  return new ResponseUnusable(location, file, `its status is ${status}`);
}

/** First bytes of a body as text; what cannot be read is left out. */
async function beginningOf(body: HttpBody): Promise<string> {
  let text = '';
  try {
    for await (const chunk of body.read()) {
      text += chunk.toString('latin1');
      if (text.length >= MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // The status says enough.
  }
  return text.slice(0, MAX_REFUSAL_BYTES);
}

/** Time that a server asks to wait: in seconds, or until a time on its own clock. */
function retryAfterMs({ 'retry-after': after, date }: IncomingHttpHeaders): number | undefined {
  if (after === undefined) return undefined;
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.parse(date ?? '');
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
