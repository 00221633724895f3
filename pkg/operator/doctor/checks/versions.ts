import { fault, type Finding, warning } from '../finding.ts';
import type { Installation, SeenPod } from '../installation.ts';
import { podsOf, workloadsOf } from '../roles.ts';

const VERSION_LABEL = 'app.kubernetes.io/version';

/** Processes that are not of one version, and a client that is of another. */
export function checkVersions(seen: Installation): readonly Finding[] {
  const of = (role: string): readonly string[] => imagesOf(podsOf(seen, role), role);
  const controllers = of('controller');
  const gateways = of('gateway');
  const images = new Set([...controllers, ...gateways]);
  const isMixed = controllers.length > 0 && gateways.length > 0 && images.size > 1;
  return [...(isMixed ? [mixed(seen, controllers, gateways)] : []), ...clientDiffers(seen)];
}

const mixed = (seen: Installation, controllers: readonly string[], gateways: readonly string[]): Finding =>
  fault({
    ...{ reason: 'VersionsDiffer', object: `namespace/${seen.namespace}` },
    message: `controllers run ${controllers.join(', ')}, gateways ${gateways.join(', ')}`,
    fix: 'finish the upgrade: give both the same image (image.tag of the chart); while pods are being replaced, ask again',
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

/** Images as pods name them. What a container runtime makes of a name differs from node to node. */
function imagesOf(pods: readonly SeenPod[], role: string): readonly string[] {
  const images = pods.flatMap(({ spec }) =>
    (spec?.containers ?? []).filter(({ args }) => args?.includes(role)).map(({ image }) => image ?? ''),
  );
  return [...new Set(images)].toSorted();
}
