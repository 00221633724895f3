import { crdOf } from '../../../tradingmodel/crd.ts';
import { API_GROUP, RISK_LIMITS, TRADING_MODEL } from '../../../tradingmodel/resource.ts';
import type { StructuralSchema } from '../../../tradingmodel/structural-schema.ts';
import { fault, type Finding } from '../finding.ts';
import type { Definition, Installation } from '../installation.ts';

const INSTALL = 'install the definitions of this version: `kubectl apply -k k8s/crds`';
/** Fields that are named in a message. */
const NAMED = 3;

/** Custom resources whose definition is not there, or lacks fields that this client knows. */
export function checkDefinitions({ definitions }: Installation): readonly Finding[] {
  return [TRADING_MODEL, RISK_LIMITS].flatMap((resource) => {
    const installed = definitions[resource.plural];
    const object = `crd/${resource.plural}.${API_GROUP}`;
    if (installed === 'missing')
      return [
        fault({
          ...{ reason: 'DefinitionMissing', object, fix: INSTALL },
          message: `the cluster does not know the kind ${resource.kind}`,
        }),
      ];
    if (installed === undefined || installed === 'unseen') return [];
    const lacking = [...fieldsOf(schemaOf(crdOf(resource)))].filter(
      (field) => !fieldsOf(schemaOf(installed)).has(field),
    );
    if (lacking.length === 0) return [];
    const more = lacking.length > NAMED ? ` and ${lacking.length - NAMED} more` : '';
    return [
      fault({
        ...{ reason: 'DefinitionOlder', object, fix: INSTALL },
        message: `older than this client: knows no ${lacking.slice(0, NAMED).join(', ')}${more}`,
      }),
    ];
  });
}

function schemaOf(definition: unknown): StructuralSchema | undefined {
  const { versions = [] } = (definition as Definition).spec;
  return versions.find(({ name }) => name === 'v1alpha1')?.schema?.openAPIV3Schema;
}

/** Paths of every field of a schema; below a field that is missing nothing is named. */
function fieldsOf(schema: StructuralSchema | undefined, path = ''): Set<string> {
  const fields = new Set<string>();
  for (const [name, below] of Object.entries(schema?.properties ?? schema?.items?.properties ?? {})) {
    const field = path === '' ? name : `${path}.${name}`;
    fields.add(field);
    for (const deeper of fieldsOf(below, field)) fields.add(deeper);
  }
  return fields;
}
