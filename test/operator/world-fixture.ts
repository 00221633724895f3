import { afterAll, beforeAll, test } from 'vitest';

import { type KubernetesServer, startKubernetes } from '../servers/kubernetes.ts';
import { installDefinitions } from './api-objects.ts';
import { World, type WorldOptions } from './world.ts';

/** Opens a namespace with all that is in it, which is closed when the test ends. */
export type OpenWorld = (prefix: string, options?: WorldOptions) => Promise<World>;

/** A control plane for the tests of a file; `it` gives each its own worlds in it, also where tests run at once. */
export function worldFixture(apiServerFlags: readonly string[] = []) {
  let server: KubernetesServer;
  beforeAll(async () => {
    server = await startKubernetes({ hasControllers: true, apiServerFlags });
    await installDefinitions(server);
  }, 300_000);
  afterAll(() => server?.stop());
  const it = test.extend<{ readonly open: OpenWorld }>({
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs
    open: async ({}, use) => {
      const worlds: World[] = [];
      await use(async (prefix, options) => {
        const world = await World.open(server, prefix, options);
        worlds.push(world);
        return world;
      });
      for (const world of worlds) await world.close();
    },
  });
  return { server: (): KubernetesServer => server, it };
}
