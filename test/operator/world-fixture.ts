import { afterAll, afterEach, beforeAll } from 'vitest';

import { type KubernetesServer, startKubernetes } from '../servers/kubernetes.ts';
import { installDefinitions } from './api-objects.ts';
import { World, type WorldOptions } from './world.ts';

/** A control plane for the tests of a file, and namespaces in it that are closed after each test. */
export function worldFixture(apiServerFlags: readonly string[] = []) {
  let server: KubernetesServer;
  const worlds: World[] = [];
  beforeAll(async () => {
    server = await startKubernetes({ hasControllers: true, apiServerFlags });
    await installDefinitions(server);
  }, 300_000);
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  }, 60_000);
  afterAll(() => server?.stop());
  return {
    server: (): KubernetesServer => server,
    open: async (prefix: string, options?: WorldOptions): Promise<World> => {
      const world = await World.open(server, prefix, options);
      worlds.push(world);
      return world;
    },
  };
}
