/** What a check looks at: a `Reflector`. */
export interface Watcher {
  readonly name: string;
  readonly isBlind: boolean;
  readonly hasSynced: boolean;
  /** Infinite where the server never said anything. */
  readonly silentSeconds: number;
}

/** Whether something is well, and what is wrong where it is not. */
export interface Verdict {
  readonly isReady: boolean;
  readonly reason?: string;
}

/** Not ready while one of the watches is blind: what would be decided may be decided on what is no longer true. */
export function watchesReady(watchers: readonly Watcher[]): () => Verdict {
  return () => verdict(watchers.filter(({ isBlind }) => isBlind));
}

/**
 * Not alive when a watch has been silent for so long that a new process is the last thing to try. An API server that is away for a
 * while must not end every controller, so that the bound lies far above that of readiness.
 *
 * @param afterSeconds - 900 by default.
 * @param sinceSeconds - Gives how long this process has run: one whose server never answered is counted from there.
 */
export function watchesAlive(
  watchers: readonly Watcher[],
  sinceSeconds: () => number,
  afterSeconds = 900,
): () => Verdict {
  return () =>
    verdict(watchers.filter(({ silentSeconds }) => Math.min(silentSeconds, sinceSeconds()) > afterSeconds));
}

function verdict(blind: readonly Watcher[]): Verdict {
  if (blind.length === 0) return { isReady: true };
  const told = blind.map(({ name, hasSynced, silentSeconds }) =>
    hasSynced ? `${name} (silent for ${Math.round(silentSeconds)} s)` : `${name} (never listed)`,
  );
  return { isReady: false, reason: `watches are blind: ${told.join(', ')}` };
}
