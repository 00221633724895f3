import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { cache, found, install, onPath } from './tools.ts';

/** Programs of a control plane. */
export type KubernetesProgram = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

/** Where each program is, or what is missing to have them. */
export type KubernetesPrograms =
  | { readonly paths: Readonly<Record<KubernetesProgram, string>> }
  | { readonly missing: string };

const NAMES: readonly KubernetesProgram[] = ['etcd', 'kube-apiserver', 'kube-controller-manager'];
const source = join(import.meta.dirname, 'kubernetes');
/** Half a gigabyte of Go is compiled, on machines of two cores that are busy. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

/** Release of Kubernetes that is built where none is installed, as in kubernetes/go.mod. */
export function kubernetesVersion(): string {
  return /k8s\.io\/kubernetes v([\d.]+)/.exec(readFileSync(join(source, 'go.mod'), 'utf8'))![1]!;
}

/**
 * The programs of a control plane: each from the folder that `KUBEBUILDER_ASSETS` names, on PATH, else from the cache, else
 * built into it, which takes minutes once.
 */
export function kubernetesPrograms(): KubernetesPrograms {
  const folder = join(cache, `kubernetes-${kubernetesVersion()}`);
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const inFolder = (where: string | undefined, name: string): string | undefined => {
    const path = where === undefined ? undefined : join(where, name);
    return path !== undefined && existsSync(path) ? path : undefined;
  };
  const present = (name: KubernetesProgram): string | undefined =>
    inFolder(assets, name) ?? onPath(name) ?? inFolder(folder, name);

  const absent = NAMES.filter((name) => present(name) === undefined);
  if (absent.length > 0 && onPath('go') !== undefined)
    install('bash', [join(source, 'build.sh'), folder, ...absent], {}, BUILD_TIMEOUT_MS);
  const paths = {} as Record<KubernetesProgram, string>;
  for (const name of NAMES) {
    const tool = found(`${name} (in KUBEBUILDER_ASSETS or on PATH), or Go to build it`, [
      () => present(name),
    ]);
    if ('missing' in tool) return tool;
    paths[name] = tool.path;
  }
  return { paths };
}
