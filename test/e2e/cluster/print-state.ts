import type { Programs } from './programs.ts';

/** Prints what somebody wants to see of the namespace after a failure. */
export async function printState(programs: Programs): Promise<void> {
  const ours = 'app.kubernetes.io/name in (tradewind,tradewind-predictor)';
  for (const args of [
    ['get', 'pods', '--output', 'wide'],
    ['get', 'events', '--sort-by=.lastTimestamp'],
    ['logs', '--selector', ours, '--prefix', '--tail=5', '--ignore-errors', '--max-log-requests=30'],
  ])
    console.log(await programs.kubectl(args).catch(String));
}
