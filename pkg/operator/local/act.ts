import type { Action, Scale } from '../../rollout/decision.ts';
import { canonicalJson, revisionSource, type RevisionSource } from '../../tradingmodel/revision.ts';
import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import { TerminalError } from '../runtime/errors.ts';
import type { KeptRevision, ModelFiles } from './model-files.ts';
import type { LocalModel } from './observe.ts';

/** What acting left: what is kept of each revision, and whether nothing of the model is left. */
export interface ActResult {
  readonly revisions: readonly KeptRevision[];
  readonly isGone: boolean;
}

/** Carries actions out on what is kept, one after the other; each may be done again. Loading follows from what is kept. */
export async function actLocally(
  files: ModelFiles,
  { name: model, spec, revisions }: Pick<LocalModel, 'name' | 'spec' | 'revisions'>,
  actions: readonly Action[],
): Promise<ActResult> {
  const kept = new Map(revisions.map((revision) => [revision.name, revision]));
  const put = async (revision: KeptRevision): Promise<void> => {
    await files.writeRevision(model, revision);
    kept.set(revision.name, revision);
  };
  const known = (name: string): KeptRevision => {
    const revision = kept.get(name);
    if (revision !== undefined) return revision;
    throw new TerminalError(`the spec of revision ${name} must have been kept, there is no record of it`);
  };
  const deploy = (name: string, change: Partial<NonNullable<KeptRevision['deployment']>>): Promise<void> => {
    const revision = known(name);
    return put({ ...revision, deployment: { role: 'kept', replicas: 0, ...revision.deployment, ...change } });
  };
  let isGone = false;
  for (const action of actions)
    switch (action.kind) {
      case 'addFinalizer':
        break;
      case 'removeFinalizer':
        await files.removeModel(model);
        isGone = true;
        break;
      case 'recordRevision':
        await put({ name: action.revision, number: action.number, source: revisionSource(spec) });
        break;
      case 'ensureRevision':
        await deploy(action.revision, { role: action.role, replicas: replicasOf(action.scale) });
        break;
      case 'scaleRevision':
        await deploy(action.revision, { replicas: replicasOf(action.scale) });
        break;
      case 'setRole':
        await deploy(action.revision, { role: action.role });
        break;
      case 'shrinkRevision':
        await deploy(action.revision, { replicas: 0 });
        break;
      case 'deleteRevision':
        await files.removeRevision(model, action.revision);
        kept.delete(action.revision);
        break;
      case 'restoreSpec': {
        const { source } = known(action.revision);
        if (canonicalJson(source) !== canonicalJson(revisionSource(spec)))
          await files.writeManifest({ name: model, spec: restored(spec, source) });
        break;
      }
      default:
        throw new TypeError(`unknown action ${(action satisfies never as Action).kind}`);
    }
  return { revisions: [...kept.values()], isGone };
}

/** A process runs a revision or does not. */
const replicasOf = (scale: Scale): number =>
  Math.min(1, scale.kind === 'fixed' ? scale.replicas : scale.minReplicas);

/** The spec with the parts that a revision is made of. */
function restored(spec: TradingModelSpec, { model, serving }: RevisionSource): TradingModelSpec {
  const { image: _, ...others } = spec.serving;
  return { ...spec, model, serving: { ...others, ...serving } };
}
