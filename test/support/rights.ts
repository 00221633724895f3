import type { AuditEvent, PolicyRule } from '../servers/kubernetes.ts';

/** Each right of the rules, as `group resource[/subresource] verb`, sorted. */
export function rightsAllowed(rules: readonly PolicyRule[]): readonly string[] {
  return sorted(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${group} ${resource} ${verb}`)),
      ),
    ),
  );
}

/** Each right that requests of the audit log needed, sorted: an apply that made an object needed `create` beside `patch`. */
export function rightsUsed(events: readonly AuditEvent[]): readonly string[] {
  return sorted(
    events.flatMap(({ verb, objectRef, responseStatus }) => {
      if (objectRef === undefined) return [];
      const { apiGroup = '', resource, subresource } = objectRef;
      const right = `${apiGroup} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
      const isMade = verb === 'patch' && responseStatus?.code === 201;
      return isMade ? [`${right} ${verb}`, `${right} create`] : [`${right} ${verb}`];
    }),
  );
}

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].toSorted();
