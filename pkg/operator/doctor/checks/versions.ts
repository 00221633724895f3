import { fault, type Finding, warning } from '../finding.ts';
import type { Installation } from '../installation.ts';
import { podsOf, roleOf, workloadsOf } from '../roles.ts';

const VERSION_LABEL = 'app.kubernetes.io/version';

/**
 * Whether controllers and gateways are to run different images, and whether the client is of another version. Pods are not compared: while an upgrade
 * is under way they are of two.
 */
export function checkVersions(seen: Installation): readonly Finding[] {
  const of = (role: string): readonly string[] => imagesOf(seen, role);
  const controllers = of('controller');
  const gateways = of('gateway');
  const images = new Set([...controllers, ...gateways]);
  const isMixed = controllers.length > 0 && gateways.length > 0 && images.size > 1;
  return [...(isMixed ? [mixed(seen, controllers, gateways)] : []), ...clientDiffers(seen)];
}

const mixed = (seen: Installation, controllers: readonly string[], gateways: readonly string[]): Finding =>
  fault({
    ...{ reason: 'VersionsDiffer', object: `namespace/${seen.namespace}` },
    message: `controllers are to run ${controllers.join(', ')}, gateways ${gateways.join(', ')}`,
    fix: 'finish the upgrade: give both the same image (image.tag of the chart)',
  });

function clientDiffers(seen: Installation): readonly Finding[] {
  const [controller] = workloadsOf(seen, 'controller');
  const version = controller?.metadata.labels?.[VERSION_LABEL];
  if (version === undefined || version === seen.version) return [];
  return [
    warning({
      ...{ reason: 'ClientDiffers', object: `deployment/${controller!.metadata.name}` },
      message: `is of version ${version}, this client of ${seen.version}`,
      fix: `use the client of version ${version}: what it knows of fields and actions may differ`,
    }),
  ];
}

/** Images that the templates of a role's pods name, or the pods themselves where nothing makes them. */
function imagesOf(seen: Installation, role: string): readonly string[] {
  const workloads = workloadsOf(seen, role);
  const specs =
    workloads.length > 0
      ? workloads.map(({ spec }) => spec.template?.spec)
      : podsOf(seen, role).map(({ spec }) => spec);
  const images = specs.flatMap((spec) =>
    (spec?.containers ?? [])
      .filter((container) => roleOf({ containers: [container] }) === role)
      .map(({ image }) => image ?? ''),
  );
  return [...new Set(images)].toSorted();
}
