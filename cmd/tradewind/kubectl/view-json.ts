import { REVISION_LABEL } from '../../../pkg/operator/kinds.ts';
import { readModelSpec } from '../../../pkg/tradingmodel/read-object.ts';
import type { ModelView } from './model-tree.ts';
import { isReady, podWord, restartsOf } from './pod-row.ts';
import { symbolsByRevision } from './symbols.ts';

/** What the tree shows, for programs. */
export function viewJson({ model, pods, podsMissing }: ModelView): object {
  const { name, namespace, generation } = model.metadata;
  const read = readModelSpec(model.spec);
  const declared = 'spec' in read ? read.spec.symbols : [];
  const symbols = symbolsByRevision(name, declared, model.status?.traffic ?? []);
  return {
    ...{ name, namespace, generation, spec: model.spec, status: model.status ?? {} },
    symbols: Object.fromEntries(symbols),
    pods: pods.map((pod) => ({
      name: pod.metadata.name,
      revision: pod.metadata.labels?.[REVISION_LABEL],
      state: podWord(pod),
      isReady: isReady(pod),
      restarts: restartsOf(pod),
      node: pod.spec?.nodeName,
    })),
    ...(podsMissing === undefined ? {} : { podsMissing }),
  };
}
