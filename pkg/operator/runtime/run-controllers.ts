import { aborted } from '../../runtime/aborted.ts';
import type { Controller } from './controller.ts';
import type { ElectionEnd, LeaderElection } from './leader-election.ts';
import type { Reflector } from './reflector.ts';

/** What runs together in one process. */
export interface Controllers {
  // oxlint-disable-next-line typescript/no-explicit-any -- reflectors of different kinds
  readonly reflectors: readonly Pick<Reflector<any>, 'run' | 'whenSynced'>[];
  readonly controllers: readonly Pick<Controller, 'run'>[];
  readonly election: Pick<LeaderElection, 'run'>;
}

/**
 * Follows everything at once, so that a process that waits for its turn knows the world already; works when all kinds were listed
 * and this process leads.
 *
 * @returns `stopped` when the signal has aborted and all work has ended; `lost` when the lease was lost: the queues take nothing more,
 *   and the process should end and be started anew.
 */
export async function runControllers(
  { reflectors, controllers, election }: Controllers,
  signal: AbortSignal,
): Promise<ElectionEnd> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const following = reflectors.map((reflector) => reflector.run(both));
  try {
    // What is not known must not look deleted: nothing is decided before everything was listed.
    await Promise.race([Promise.all(reflectors.map((reflector) => reflector.whenSynced())), aborted(signal)]);
    return await election.run(signal, async (leading) => {
      await Promise.all(controllers.map((controller) => controller.run(leading)));
    });
  } finally {
    over.abort();
    await Promise.all(following);
  }
}
