import { fault, type Finding, warning } from '../finding.ts';
import type { Installation, Right } from '../installation.ts';

const nameOf = ({ verb, group, resource }: Right): string =>
  `${verb} ${resource}${group === '' ? '' : `.${group}`}`;

/** What the person who asks may not do, and what the accounts of the processes may not do. */
export function checkRights({ namespace, rights }: Installation): readonly Finding[] {
  const refused = rights.filter(({ isAllowed }) => !isAllowed);
  return [...new Set(refused.map(({ who }) => who))].map((who) => {
    const mine = refused.filter((right) => right.who === who);
    const message = `may not ${mine.map(nameOf).join(', ')}`;
    if (who !== 'you')
      return fault({
        ...{ reason: 'AccountRightsMissing', object: `serviceaccount/${who}`, message },
        fix: `bind it to its role: \`kubectl apply -n ${namespace} -f k8s/rbac.yaml\`, or rbac.create of the chart`,
      });
    const words = {
      ...{ reason: 'RightsMissing', object: `namespace/${namespace}`, message: `you ${message}` },
      fix: 'have an administrator bind you to a role with these verbs: what is not read is not checked',
    };
    // Who may not change a model can still look at everything.
    return mine.every(({ verb }) => verb === 'patch')
      ? warning({ ...words, fix: 'have an administrator grant it, if you are to promote or abort' })
      : fault(words);
  });
}
