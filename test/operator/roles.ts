import { readFileSync } from 'node:fs';

import { parseAllDocuments } from 'yaml';

import type { KubernetesServer, PolicyRule } from '../servers/kubernetes.ts';
import type { Json } from './api-objects.ts';

const NAMESPACE = 'tradewind';
export const ROLES = ['tradewind-controller', 'tradewind-gateway'] as const;
export type RoleName = (typeof ROLES)[number];

const roles: readonly Json[] = parseAllDocuments(readFileSync('k8s/rbac.yaml', 'utf8'))
  .map((document) => document.toJS())
  .filter(({ kind }) => kind === 'Role');

/** What a role of k8s/rbac.yaml allows. */
export const rulesOf = (name: RoleName): readonly PolicyRule[] =>
  roles.find(({ metadata }) => metadata.name === name).rules;

/** Kubeconfigs of accounts with just the roles of k8s/rbac.yaml. */
export interface Accounts {
  readonly controller: string;
  readonly gateway: string;
}

export async function createAccounts(server: KubernetesServer): Promise<Accounts> {
  const of = async (name: RoleName): Promise<string> =>
    (await server.serviceAccount(NAMESPACE, name, rulesOf(name))).kubeconfig;
  return { controller: await of('tradewind-controller'), gateway: await of('tradewind-gateway') };
}

/** How the API server names an account. */
export const userOf = (name: string): string => `system:serviceaccount:${NAMESPACE}:${name}`;

/** Requests of a user that were refused for want of a right. */
export const refused = (server: KubernetesServer, username: string): readonly string[] =>
  server
    .auditEvents()
    .filter(({ user, responseStatus }) => user.username === username && responseStatus?.code === 403)
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`);
