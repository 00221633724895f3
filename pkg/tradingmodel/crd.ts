import { stringify } from 'yaml';

import { API_GROUP, objectSchema, type Resource } from './resource.ts';
import type { StructuralSchema } from './structural-schema.ts';

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
          schema: { openAPIV3Schema: withName(objectSchema(resource)) },
          subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
        },
      ],
    },
  };
}

/** Rules name the field `metadata.name`, which the definition must have for that. */
function withName(schema: StructuralSchema): StructuralSchema {
  const metadata = { type: 'object', properties: { name: { type: 'string' } } } as const;
  return { ...schema, properties: { ...schema.properties, metadata } };
}

/** The same as a file. */
export function crdYaml(resource: Resource): string {
  const yaml = stringify(crdOf(resource), { lineWidth: 0, aliasDuplicateObjects: false });
  return `# Generated from pkg/tradingmodel: edit the code, then \`make generate\`.\n${yaml}`;
}
