import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';

import type { Path } from './value-text.ts';

/** One document of a YAML file that holds an object. Empty ones are none. */
export interface YamlObject {
  /** As JSON. */
  readonly value: unknown;
  /** Line, from 1, of a part of it; of the nearest part that is there when that one is not. */
  lineOf(path: Path): number;
  /** Text of a plain value as it stands in the file; `undefined` where there is none. */
  sourceOf(path: Path): string | undefined;
}

export interface YamlFault {
  readonly line: number;
  readonly message: string;
}

export interface YamlFile {
  readonly objects: readonly YamlObject[];
  readonly faults: readonly YamlFault[];
}

/**
 * Reads YAML as kubectl does: version 1.1, in which `NO`, `Y` and `ON` without quotes are true or false, but no times of day and no
 * dates, which stay text. JSON is YAML.
 */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.1',
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !isTime(tag)),
  });
  const objects: YamlObject[] = [];
  const faults: YamlFault[] = [];
  for (const document of documents as readonly Document.Parsed[]) {
    for (const { message, pos } of document.errors)
      faults.push({
        line: lines.linePos(pos[0]).line,
        message: `must be YAML: ${message.replaceAll(/\s+/g, ' ')}`,
      });
    if (document.errors.length > 0) continue;
    const object = objectOf(document, lines);
    if (typeof object.value === 'object' && object.value !== null) objects.push(object);
    else if (object.value !== null)
      faults.push({
        line: object.lineOf([]),
        message: `must be an object, was ${JSON.stringify(object.value)}`,
      });
  }
  return { objects, faults };
}

const isTime = ({ tag, format }: { readonly tag: string; readonly format?: string }): boolean =>
  tag === 'tag:yaml.org,2002:timestamp' || format === 'TIME';

function objectOf(document: Document.Parsed, lines: LineCounter): YamlObject {
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  return {
    value: document.toJS({ maxAliasCount: 100 }),
    lineOf(path) {
      let node: unknown = document.contents;
      let offset = document.contents?.range[0] ?? 0;
      for (const step of path) {
        const at = stepInto(resolved(node), step);
        if (at === undefined) break;
        node = at.node;
        offset = at.offset ?? offset;
      }
      return lines.linePos(offset).line;
    },
    sourceOf(path) {
      let node: unknown = document.contents;
      for (const step of path) node = stepInto(resolved(node), step)?.node;
      const value = resolved(node);
      return isScalar(value) ? value.source : undefined;
    },
  };
}

/** The part that a step leads to: of an object the value, at the place of its key. */
function stepInto(
  node: unknown,
  step: string | number,
): { readonly node: unknown; readonly offset: number | undefined } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as Node | undefined;
    return item === undefined ? undefined : { node: item, offset: item.range?.[0] };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  return pair === undefined ? undefined : { node: pair.value, offset: (pair.key as Node).range?.[0] };
}
