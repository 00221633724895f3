/** Bytes of an answer at most: what a gateway tells of a thousand models is far below. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * What a process of Tradewind answers over HTTP; `undefined` where it does not answer in time, or not with JSON. Whoever asks polls, so
 * that a failure is no more than an answer that is missing.
 */
export async function getJson(url: string, timeoutMs: number, signal?: AbortSignal): Promise<unknown> {
  const signals = [AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
  try {
    const response = await fetch(url, { signal: AbortSignal.any(signals), redirect: 'error' });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return undefined;
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    // Leaving the loop ends the answer, however much of it there is left.
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) return undefined;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks, bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** `host` as a URL wants it: IPv6 in brackets. */
export function hostOf(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
