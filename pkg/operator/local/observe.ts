import type { ExternalValue, Seen, SeenAnalysis, SeenPod, SeenRevision } from '../../rollout/seen.ts';
import { resolveRevisionName } from '../../tradingmodel/revision.ts';
import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import { parseAction } from '../action-annotation.ts';
import { type AnalysisWindows, analysisUnderWay } from '../analysis-windows.ts';
import type { LocalGateway } from './local-gateway.ts';
import type { KeptModel, KeptRevision } from './model-files.ts';
import type { RevisionLoads } from './revision-loads.ts';

/** A model of this process as it is kept. */
export interface LocalModel extends KeptModel {
  readonly name: string;
  readonly isDeleting: boolean;
  readonly revisions: readonly KeptRevision[];
  /** What was asked for last, as text. */
  readonly action: string | undefined;
}

export interface LocalObserveOptions {
  readonly gateway: LocalGateway;
  readonly loads: Pick<RevisionLoads, 'stateOf'>;
  readonly windows: AnalysisWindows;
  readonly nowMs: () => number;
}

/** What a decision on a model is made from, and what is wrong with what was asked for. */
export interface LocalObservation {
  readonly seen: Seen;
  readonly actionFault?: string;
}

/** Everything about one model. A revision that is loaded here is a Deployment of one pod, and this process is the only gateway. */
export function observeLocally(options: LocalObserveOptions, model: LocalModel): LocalObservation {
  const { gateway, loads, nowMs } = options;
  const { name, generation, isDeleting, status, revisions } = model;
  const spec = ofOneReplica(model.spec);
  const { action, fault } = parseAction(model.action);
  const base: Omit<Seen, 'analysis'> = {
    ...{ nowMs: nowMs(), model: name, generation, isDeleting, hasFinalizer: true, spec, status },
    target: {
      ...{ name: resolveRevisionName(name, spec, revisions), version: spec.model.version },
      ...(spec.model.digest === undefined ? {} : { digest: spec.model.digest }),
    },
    ...(action === undefined ? {} : { action }),
    revisions: revisions.map((revision) => revisionSeen(loads, revision)),
    gateways: [gateway.seen(name)],
  };
  const analysis = analysisSeen(options, base);
  return {
    seen: analysis === undefined ? base : { ...base, analysis },
    ...(fault === undefined ? {} : { actionFault: fault }),
  };
}

/** One process runs a revision once, whatever the spec asks of a cluster. */
function ofOneReplica(spec: TradingModelSpec): TradingModelSpec {
  const { maxReplicas: _, ...serving } = spec.serving;
  return { ...spec, serving: { ...serving, minReplicas: 1 } };
}

function revisionSeen(
  loads: LocalObserveOptions['loads'],
  { name, number, source, deployment }: KeptRevision,
): SeenRevision {
  const { version, digest } = source.model;
  const pods = deployment === undefined || deployment.replicas === 0 ? [] : [podSeen(loads, name)];
  const ready = pods.filter(({ isReady }) => isReady).length;
  return {
    ...{ name, number, version, isRecorded: true, isCurrent: deployment !== undefined, pods },
    ...(digest === undefined ? {} : { digest }),
    ...(deployment === undefined
      ? {}
      : {
          deployment: {
            ...{ role: deployment.role, wantedReplicas: deployment.replicas },
            ...{ readyReplicas: ready, updatedReplicas: pods.length },
          },
        }),
  };
}

function podSeen(loads: LocalObserveOptions['loads'], revision: string): SeenPod {
  const told = loads.stateOf(revision);
  return {
    ...{ name: `${revision}-here`, isReady: told?.state === 'warm', restarts: 0, isCrashLooping: false },
    ...told,
  };
}

const UNASKED: ExternalValue = { message: 'no Prometheus is asked in one process: use a builtin metric' };

function analysisSeen(
  { gateway, windows }: LocalObserveOptions,
  { spec, status, model }: Omit<Seen, 'analysis'>,
): SeenAnalysis | undefined {
  const underWay = analysisUnderWay(status);
  if (underWay === undefined) {
    windows.forget(model);
    return undefined;
  }
  const { startedAt, pair } = underWay;
  const counted = windows.advance(model, startedAt, model, pair, [gateway.report()]);
  const external = spec.rollout.analysis.metrics
    .filter(({ prometheus }) => prometheus !== undefined)
    .map(({ name }) => [name, UNASKED] as const);
  return { startedAt, ...counted, external: Object.fromEntries(external) };
}
