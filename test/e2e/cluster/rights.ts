import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import type { AuditEvent, PolicyRule } from '../../servers/kubernetes.ts';
import { rightsAllowed, rightsUsed } from '../../support/rights.ts';
import type { Programs } from './programs.ts';

/** What an account may do and did, as `group resource[/subresource] verb`, sorted. */
export interface AccountRights {
  readonly allowed: readonly string[];
  readonly used: readonly string[];
  /** Requests that were refused for want of a right. */
  readonly refused: readonly string[];
}

type Subject = { readonly kind: string; readonly name: string };
type Binding = { readonly roleRef: { readonly name: string }; readonly subjects?: readonly Subject[] };
type Named = { readonly metadata: { readonly name: string } };
type Audited = AuditEvent & { readonly user: { readonly uid?: string } };

/**
 * The rights of a ServiceAccount, by the roles that are bound to it, beside what it asked for since it was made.
 *
 * @param auditLog - File that the API server logs its requests to, one line of JSON each, with their metadata at least.
 */
export async function rightsOf(
  programs: Programs,
  account: string,
  auditLog: string,
): Promise<AccountRights> {
  // An account of the same name before this one had another uid.
  const { metadata } = await programs.json(['get', 'serviceaccount', account]);
  const events = await eventsOf(auditLog, metadata.uid);
  return {
    allowed: rightsAllowed(await rulesOf(programs, account)),
    used: rightsUsed(events),
    refused: sorted(
      events
        .filter(({ responseStatus }) => responseStatus?.code === 403)
        .map(({ verb, requestURI }) => `${verb} ${requestURI}`),
    ),
  };
}

/** ServiceAccounts that a role of the namespace is bound to. */
export async function boundAccounts(programs: Programs): Promise<readonly string[]> {
  const { items } = await programs.json(['get', 'rolebindings']);
  return sorted((items as Binding[]).flatMap(accountsOf));
}

/** Components whose pods have a token of the API server. */
export async function componentsWithToken(programs: Programs): Promise<readonly string[]> {
  const { items } = await programs.json(['get', 'pods']);
  type Volume = { readonly projected?: { readonly sources: readonly object[] } };
  const hasToken = ({ projected }: Volume): boolean =>
    projected?.sources.some((source) => 'serviceAccountToken' in source) === true;
  const found = items.filter(({ spec }: { spec: { volumes?: Volume[] } }) => spec.volumes?.some(hasToken));
  return sorted(
    found.map(({ metadata }: { metadata: { name: string; labels?: Record<string, string> } }) => {
      return metadata.labels?.['app.kubernetes.io/component'] ?? metadata.name;
    }),
  );
}

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].toSorted();

const accountsOf = ({ subjects = [] }: Binding): readonly string[] =>
  subjects.filter(({ kind }) => kind === 'ServiceAccount').map(({ name }) => name);

async function rulesOf(programs: Programs, account: string): Promise<readonly PolicyRule[]> {
  const { items: bindings } = await programs.json(['get', 'rolebindings']);
  const { items: roles } = await programs.json(['get', 'roles']);
  const bound = (bindings as Binding[]).filter((binding) => accountsOf(binding).includes(account));
  return (roles as (Named & { rules: PolicyRule[] })[])
    .filter(({ metadata }) => bound.some(({ roleRef }) => roleRef.name === metadata.name))
    .flatMap(({ rules }) => rules);
}

async function eventsOf(file: string, uid: string): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    // Most of a cluster's log is of others, and the last line may still be written.
    if (!line.includes(uid) || !line.endsWith('}')) continue;
    const event = JSON.parse(line) as Audited;
    if (event.user.uid === uid) events.push(event);
  }
  return events;
}
