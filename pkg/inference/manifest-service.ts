import { ModelService } from '../../proto/gen/tradewind/v1/model_pb.ts';
import type { RpcServer } from '../rpc/server.ts';
import { ManifestAbsent } from './errors.ts';
import { ModelNotFound } from './oip/errors.ts';
import type { FileModelRepository } from './repository.ts';

/** What is served by which name, and the manifests of what has one. */
export interface Manifests extends Pick<FileModelRepository, 'index'> {
  loaded(name: string): { readonly manifestBytes?: Uint8Array | undefined } | undefined;
}

/** Adds `tradewind.v1.ModelService` over the models of a repository to a server. */
export function registerManifestService(server: RpcServer, repository: Manifests): void {
  server.addService(ModelService, {
    getManifest: ({ name }) => {
      const served = name === '' ? onlyName(repository) : name;
      const loaded = repository.loaded(served);
      if (loaded === undefined) throw new ModelNotFound(served, '');
      if (loaded.manifestBytes === undefined) throw new ManifestAbsent(served);
      return { name: served, manifest: loaded.manifestBytes };
    },
  });
}

function onlyName(repository: Manifests): string {
  const ready = repository.index().filter(({ state }) => state === 'READY');
  return ready.length === 1 ? ready[0]!.name : '';
}
