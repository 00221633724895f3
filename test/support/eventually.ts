const PAUSE_MS = 20;

/** Polls until `check` stops throwing and gives something but `false` or `undefined`. @throws The last error, or that it never came true. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  timeoutMs = 10_000,
  pauseMs = PAUSE_MS,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown = new Error('the condition did not come true in time');
    try {
      const result = await check();
      if (result !== false && result !== undefined) return result as Exclude<T, false | undefined>;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw failure;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
