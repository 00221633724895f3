import { afterAll, beforeAll, expect, test } from 'vitest';

import { type KubernetesServer, startKubernetes } from '../servers/kubernetes.ts';
import { installDefinitions } from './api-objects.ts';
import { type Accounts, createAccounts, refused, ROLES, userOf } from './roles.ts';
import { World, type WorldOptions } from './world.ts';

/** Opens a namespace with all that is in it, which is closed when the test ends. */
export type OpenWorld = (prefix: string, options?: WorldOptions) => Promise<World>;

/**
 * A control plane for the tests of a file; `it` gives each its own worlds in it, also where tests run at once. Controllers and gateways have the roles of
 * k8s/rbac.yaml and are never refused anything.
 */
export function worldFixture({
  apiServerFlags = [],
  isRestarted = false,
}: {
  readonly apiServerFlags?: readonly string[];
  /** The API server is restarted by a test: it refuses everything until it has read the roles. */
  readonly isRestarted?: boolean;
} = {}) {
  let server: KubernetesServer;
  let accounts: Accounts;
  beforeAll(async () => {
    server = await startKubernetes({ hasControllers: true, apiServerFlags });
    await installDefinitions(server);
    accounts = await createAccounts(server);
  }, 300_000);
  afterAll(async () => {
    const refusals = ROLES.flatMap((name) => refused(server, userOf(name)));
    await server.stop();
    if (!isRestarted) expect(refusals).toEqual([]);
  });
  const it = test.extend<{ readonly open: OpenWorld }>({
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs
    open: async ({}, use) => {
      const worlds: World[] = [];
      await use(async (prefix, options) => {
        const world = await World.open(server, accounts, prefix, options);
        worlds.push(world);
        return world;
      });
      for (const world of worlds) await world.close();
    },
  });
  return { server: (): KubernetesServer => server, it };
}
