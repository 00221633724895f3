import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const oneNode = import.meta.dirname;
const repository = resolve(oneNode, '../../..');
const NAME = 'the end-to-end test on a cluster';

/** A cluster for the end-to-end test, or why there is none. */
export type E2eCluster =
  | { readonly variables: Readonly<Record<string, string>>; readonly stop: () => void }
  | { readonly missing: string }
  | { readonly broken: string };

/** That of KUBECONFIG with the image E2E_IMAGE, else one node that is started on this machine. */
export function e2eCluster(env: NodeJS.ProcessEnv): E2eCluster {
  if (env['KUBECONFIG'])
    return env['E2E_IMAGE']
      ? { variables: {}, stop: () => undefined }
      : {
          missing: `${NAME}: E2E_IMAGE must name an image that the nodes of KUBECONFIG know, and is not set`,
        };
  // As in env.sh.
  const scripts = env['TRADEWIND_TEST_CLUSTER'] || join(dirname(repository), 'shared/cluster');
  if (!existsSync(join(scripts, 'up.sh')))
    return {
      missing: `${NAME}: KUBECONFIG must name one, or TRADEWIND_TEST_CLUSTER a folder with up.sh, as ${scripts} has not`,
    };
  if (process.getuid?.() !== 0) return { missing: `${NAME}: root must start it, or KUBECONFIG name one` };
  return start();
}

function start(): E2eCluster {
  const stop = (): void => void spawnSync(join(oneNode, 'down.sh'), { stdio: 'inherit' });
  const up = spawnSync(join(oneNode, 'up.sh'), { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (up.status !== 0) {
    stop();
    const how = up.error?.message ?? up.signal ?? `exit code ${up.status}`;
    return { broken: `${NAME}: test/e2e/one-node/up.sh must start a cluster, and ended with ${how}` };
  }
  const pairs = up.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return { variables: Object.fromEntries(pairs), stop };
}
