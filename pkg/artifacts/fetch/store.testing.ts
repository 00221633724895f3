import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { systemClock } from '../../runtime/clock.ts';
import { ArtifactStore, type StoreSettings } from './artifact-store.ts';

/** A store whose pauses are short, in a folder of its own. @param caFile - PEM file of the authority to trust. */
export function testStore(
  folder: string,
  caFile?: string,
  {
    http,
    s3,
    ...settings
  }: { http?: Partial<StoreSettings['http']>; s3?: Partial<StoreSettings['s3']> } & Partial<
    Omit<StoreSettings, 'http' | 's3'>
  > = {},
): ArtifactStore {
  return new ArtifactStore(
    {
      verification: 'Enforce',
      publicKeyFile: undefined,
      maxModelBytes: 64 * 1024 ** 2,
      cache: { directory: join(folder, 'cache'), maxBytes: 64 * 1024 ** 2 },
      mounts: { pvc: join(folder, 'pvc'), configmap: join(folder, 'configmap') },
      retry: { tries: 4, pauseMs: 1, maxPauseMs: 50 },
      ...settings,
      http: {
        ...{ allowHttp: false, allowLinkLocal: false, connectTimeoutMs: 5000, idleTimeoutMs: 500 },
        caPem: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
        ...http,
      },
      s3: {
        ...{ region: 'us-east-1', isPathStyle: true, accessKeyId: '', secretAccessKey: '', sessionToken: '' },
        ...s3,
      },
    },
    systemClock,
  );
}

/** Every file of a folder, by name. */
export async function filesOf(directory: string): Promise<Record<string, Buffer>> {
  const names = await readdir(directory);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)),
  );
}
