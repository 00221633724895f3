import { checkController } from './checks/controller.ts';
import { checkDefinitions } from './checks/definitions.ts';
import { checkGateways } from './checks/gateways.ts';
import { checkModels } from './checks/models.ts';
import { checkNetwork } from './checks/network.ts';
import { checkPods } from './checks/pods.ts';
import { checkRights } from './checks/rights.ts';
import { checkVersions } from './checks/versions.ts';
import { checkWorkloads } from './checks/workloads.ts';
import { fault, type Finding } from './finding.ts';
import type { Installation } from './installation.ts';

type Check = (seen: Installation) => readonly Finding[];

/** In the order in which faults are to be mended: what others follow from comes first. */
const CHECKS: readonly Check[] = [
  checkDefinitions,
  checkRights,
  checkWorkloads,
  checkPods,
  checkController,
  checkGateways,
  checkNetwork,
  checkModels,
  checkVersions,
];

/** Everything that is wrong with an installation: faults first, each as often as it was found in one line. */
export function diagnose(seen: Installation): readonly Finding[] {
  const { namespace } = seen;
  if (seen.namespaceLabels === 'missing')
    return [
      fault({
        ...{ reason: 'NamespaceMissing', object: `namespace/${namespace}`, message: 'is not in the cluster' },
        fix: 'correct -n, or the namespace of the context: `kubectl get namespaces`',
      }),
    ];
  const alike = new Map<string, Finding>();
  for (const finding of CHECKS.flatMap((check) => check(seen))) {
    // Pods of a Deployment fail alike; their fix may name one of them.
    const key = JSON.stringify([finding.reason, finding.object.split('/')[0], finding.message]);
    const before = alike.get(key);
    alike.set(key, before === undefined ? finding : { ...before, count: before.count + 1 });
  }
  const found = [...alike.values()];
  return [
    ...found.filter(({ severity }) => severity === 'fault'),
    ...found.filter(({ severity }) => severity === 'warning'),
  ];
}
