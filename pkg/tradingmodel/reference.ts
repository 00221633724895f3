import { LIST_KEYS_KEY, LIST_TYPE_KEY } from './fields.ts';
import { API_VERSION, objectSchema, type Resource } from './resource.ts';
import { type Field, fieldsOf, rulesOf } from './schema-walk.ts';
import type { StructuralSchema } from './structural-schema.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

/** The reference page of a kind of object, as Markdown. */
export function referencePage(resource: Resource): string {
  const { kind, plural, shortName, description, columns, scale } = resource;
  const schema = objectSchema(resource);
  const fields = [...fieldsOf(schema, '')];
  const below = (root: string): readonly Field[] => fields.filter(({ path }) => path.startsWith(`${root}.`));
  const columnRows = columns.map(
    (column) =>
      `| ${column.name} | ${code(column.jsonPath)} | ${column.description}${column.priority === undefined ? '' : ' Only with `-o wide`.'} |`,
  );
  return `# ${kind}
<!-- Generated from pkg/tradingmodel: edit the code, then \`make generate\`. -->

\`${API_VERSION}\`, namespaced; \`kubectl get ${plural}\` or \`${shortName}\`. ${description}

A value without default must be given where the column says *required*; an optional one without default is absent. Lists say how
server-side apply merges them: a *set* value by value, a *map* object by object with the same key, a *sequence* as a whole.

## Spec

| field | type | default | bounds | what |
|---|---|---|---|---|
${below('spec').filter(isTold).map(specRow).join('\n')}

## Rules

The API server refuses what breaks one of these, and so does \`tradewind lint\`, by the same expressions.

| at | must hold | expression |
|---|---|---|
${[{ path: '(object)', schema, isRequired: true }, ...fields].flatMap(ruleRows).join('\n')}

## Status

The controller writes it. The definition fixes types but no lists of values, so that a newer controller can write what an older
definition does not know.

| field | type | what |
|---|---|---|
${below('status').filter(isTold).map(statusRow).join('\n')}

## Columns

| column | from | what |
|---|---|---|
${columnRows.join('\n')}
${scale === undefined ? '' : scaleText(scale)}`;
}

/** The items of a list are told with the list. */
const isTold = ({ path }: Field): boolean => !path.endsWith('[]');

function specRow({ path, schema, isRequired }: Field): string {
  const preset = schema.default === undefined ? '' : code(JSON.stringify(schema.default));
  return `| ${code(path)} | ${typeName(schema)} | ${isRequired ? '*required*' : preset} | ${bounds(schema)} | ${cell(schema.description ?? '')} |`;
}

const statusRow = ({ path, schema }: Field): string =>
  `| ${code(path)} | ${typeName(schema)} | ${cell(schema.description ?? '')} |`;

function ruleRows({ path, schema }: Field): readonly string[] {
  return rulesOf(schema).map(
    ({ rule, message, fieldPath = '' }) =>
      `| ${code(`${path}${fieldPath}`)} | ${cell(message)} | ${code(rule)} |`,
  );
}

function typeName(schema: StructuralSchema): string {
  if (schema.type !== 'array') return schema.format === 'date-time' ? 'time' : schema.type;
  const kind = schema[LIST_TYPE_KEY] ?? 'atomic';
  const item = schema.items === undefined ? '' : typeName(schema.items);
  if (kind === 'map') return `map of ${item} by \`${(schema[LIST_KEYS_KEY] ?? []).join(', ')}\``;
  return `${kind === 'set' ? 'set' : 'sequence'} of ${item}`;
}

function bounds(schema: StructuralSchema): string {
  const values = schema.enum ?? schema.items?.enum;
  const parts = [
    values === undefined ? '' : values.map(code).join(', '),
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' items'),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function range(from: number | undefined, to: number | undefined, unit: string): string {
  if (from === undefined && to === undefined) return '';
  if (to === undefined) return `at least ${from}${unit}`;
  return from === undefined ? `at most ${to}${unit}` : `${from} to ${to}${unit}`;
}

const scaleText = (scale: NonNullable<Resource['scale']>): string => `
## Scale

\`kubectl scale\` and autoscalers read and write ${code(scale.specReplicasPath)}; they see ${code(scale.statusReplicasPath)} and
${code(scale.labelSelectorPath)}. An autoscaler from outside works where \`spec.serving.maxReplicas\` is absent; where it is
present, each revision has an autoscaler of its own and \`minReplicas\` is its lower bound.
`;
