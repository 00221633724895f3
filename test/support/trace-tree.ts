import type { ReceivedSpan } from './otlp-receiver.ts';

/** The spans of one trace as lines, each below and to the right of its parent, `name [service]`; siblings in the order of their beginnings. */
export function treeOf(
  spans: readonly ReceivedSpan[],
  lineOf: (span: ReceivedSpan) => string = ({ name, service }) => `${name} [${service}]`,
): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const lines = (parentId: string | undefined, depth: number): string[] =>
    spans
      .filter((span) => (parentId === undefined ? !ids.has(span.parentId) : span.parentId === parentId))
      .toSorted((a, b) => a.startUs - b.startUs)
      .flatMap((span) => [`${'  '.repeat(depth)}${lineOf(span)}`, ...lines(span.spanId, depth + 1)]);
  return lines(undefined, 0).join('\n');
}
