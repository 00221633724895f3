import { stringify } from 'yaml';

import { API_GROUP, objectSchema, type Resource } from './resource.ts';

/** File that the definition of a resource is kept in, in `k8s/crds`. */
export const crdFileName = ({ plural }: Resource): string => `${API_GROUP}_${plural}.yaml`;

/** The CustomResourceDefinition of a resource. */
export function crdOf(resource: Resource): Readonly<Record<string, unknown>> {
  const { kind, plural, singular, shortName, columns, scale } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${API_GROUP}`,
      labels: { 'app.kubernetes.io/part-of': 'tradewind' },
    },
    spec: {
      group: API_GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [shortName],
        categories: ['tradewind'],
      },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: objectSchema(resource) },
          subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
        },
      ],
    },
  };
}

/** The same as a file. */
export function crdYaml(resource: Resource): string {
  const yaml = stringify(crdOf(resource), { lineWidth: 0, aliasDuplicateObjects: false });
  return `# Generated from pkg/tradingmodel: edit the code, then \`make generate\`.\n${yaml}`;
}
