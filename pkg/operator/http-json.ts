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
    const length = Number(response.headers.get('content-length') ?? 0);
    if (!response.ok || length > MAX_BYTES) {
      await response.body?.cancel();
      return undefined;
    }
    return await response.json();
  } catch {
    return undefined;
  }
}

/** `host` as a URL wants it: IPv6 in brackets. */
export function hostOf(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
