/**
 * The revision that a gateway uses: the one that most endpoints serve. While a new one is rolled out endpoint by endpoint, the one in
 * use stays until the other has the majority, so that all predictions of a moment come from one model.
 *
 * @param offered - Digest of the model of each endpoint that is ready.
 * @param current - The revision in use; wins a tie.
 * @returns `undefined` where no endpoint is ready; then the one in use stays as it is.
 */
export function chooseRevision(offered: readonly string[], current: string | undefined): string | undefined {
  const counts = new Map<string, number>();
  for (const digest of offered) counts.set(digest, (counts.get(digest) ?? 0) + 1);
  const rank = (digest: string): number => counts.get(digest)! * 2 + (digest === current ? 1 : 0);
  let best: string | undefined;
  for (const digest of [...counts.keys()].sort())
    if (best === undefined || rank(digest) > rank(best)) best = digest;
  return best;
}
