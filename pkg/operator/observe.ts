import { isMeasurementDue } from '../rollout/rules/analysis.ts';
import type {
  ExternalValue,
  Seen,
  SeenAnalysis,
  SeenGateway,
  SeenPod,
  SeenRevision,
} from '../rollout/seen.ts';
import { resolveRevisionName, revisionSource } from '../tradingmodel/revision.ts';
import type { TradingModelSpec } from '../tradingmodel/spec.ts';
import { readModelStatus } from '../tradingmodel/read-object.ts';
import type { RevisionRole, TradingModelStatus } from '../tradingmodel/status.ts';
import { parseAction } from './action-annotation.ts';
import { type AnalysisWindows, analysisUnderWay } from './analysis-windows.ts';
import { BY_MODEL, type ClusterState } from './cluster-state.ts';
import type { ControllersReport } from './gateway-report.ts';
import type { GatewayAnswer, GatewayReports } from './gateway-reports.ts';
import {
  ACTION_ANNOTATION,
  type Deployment,
  FINALIZER,
  type HorizontalPodAutoscaler,
  type Pod,
  REVISION_LABEL,
  ROLE_LABEL,
  type TradingModel,
} from './kinds.ts';
import { matches } from './matches.ts';
import type { ModelStates, PodModelState } from './model-states.ts';
import type { PredictorSettings } from './objects/pod-template.ts';
import {
  autoscalerOf,
  deploymentOf,
  disruptionBudgetOf,
  recordedSource,
  type RevisionOf,
  serviceOf,
} from './objects/revision-objects.ts';
import type { AskPrometheus } from './prometheus.ts';
import { TerminalError } from './runtime/errors.ts';
import type { KubeObject } from './runtime/objects.ts';

export interface ObserveOptions {
  readonly state: ClusterState;
  readonly gateways: Pick<GatewayReports, 'read'>;
  readonly modelStates: ModelStates;
  readonly windows: AnalysisWindows;
  readonly prometheus: AskPrometheus;
  readonly settings: PredictorSettings;
  readonly nowMs: () => number;
}

/** What was read of one model, once: what the decision is made from, and what acting on it needs beside. */
export interface Observation {
  readonly seen: Seen;
  readonly model: TradingModel;
  /** What is wrong with the annotation for actions. */
  readonly actionFault?: string;
}

/** Reads everything about one model. @param key - `namespace/name`. @param spec - Its spec, parsed. */
export async function observe(
  options: ObserveOptions,
  key: string,
  model: TradingModel,
  spec: TradingModelSpec,
  signal: AbortSignal,
): Promise<Observation> {
  const { state, nowMs } = options;
  const { name, uid, generation = 0, deletionTimestamp, finalizers = [], annotations } = model.metadata;
  const records = state.records.store.byIndex(BY_MODEL, key);
  const known = records.flatMap((record) => {
    const source = recordedSource(record);
    return source === undefined ? [] : [{ name: record.metadata.name, source }];
  });
  const target = resolveRevisionName(name, spec, known);
  const sources = new Map(known.map((one) => [one.name, one.source]));
  sources.set(target, revisionSource(spec));
  const revisions = await Promise.all(
    revisionNames(state, key, target).map((revision) =>
      revisionSeen(options, key, { model, spec, revision, sources }, signal),
    ),
  );
  const answers = await options.gateways.read();
  const status = statusOf(model);
  const { action, fault } = parseAction(annotations?.[ACTION_ANNOTATION], uid);
  const base: Omit<Seen, 'analysis'> = {
    ...{ nowMs: nowMs(), model: name, generation, spec, revisions },
    isDeleting: deletionTimestamp !== undefined,
    hasFinalizer: finalizers.includes(FINALIZER),
    target: {
      ...{ name: target, version: spec.model.version },
      ...(spec.model.digest === undefined ? {} : { digest: spec.model.digest }),
    },
    status,
    ...(action === undefined ? {} : { action }),
    gateways: answers
      .filter(({ report }) => !isOutOfIt(report, name, model))
      .map((answer) => gatewaySeen(answer, name)),
  };
  const analysis = await analysisSeen(options, key, base, model.metadata.namespace ?? '', answers, signal);
  return {
    seen: analysis === undefined ? base : { ...base, analysis },
    model,
    ...(fault === undefined ? {} : { actionFault: fault }),
  };
}

/** Every revision of which anything is left; the target only once there is something of it. */
function revisionNames(
  { deployments, records }: ClusterState,
  key: string,
  target: string,
): readonly string[] {
  const owned: readonly KubeObject[] = [
    ...deployments.store.byIndex(BY_MODEL, key),
    ...records.store.byIndex(BY_MODEL, key),
  ];
  const names = new Set(owned.map(({ metadata }) => metadata.labels?.[REVISION_LABEL] ?? metadata.name));
  return [...names].toSorted((a, b) => Number(b === target) - Number(a === target) || (a < b ? -1 : 1));
}

interface RevisionAsked {
  readonly model: TradingModel;
  readonly spec: TradingModelSpec;
  readonly revision: string;
  readonly sources: ReadonlyMap<string, RevisionOf['source']>;
}

async function revisionSeen(
  options: ObserveOptions,
  key: string,
  { model, spec, revision, sources }: RevisionAsked,
  signal: AbortSignal,
): Promise<SeenRevision> {
  const { state, settings } = options;
  const ref = { namespace: model.metadata.namespace, name: revision };
  const deployment = state.deployments.store.get(ref);
  const record = state.records.store.get(ref);
  const autoscaler = state.autoscalers.store.get(ref);
  const source = sources.get(revision);
  const pods = state.pods.store
    .byIndex(BY_MODEL, key)
    .filter(({ metadata }) => metadata.labels?.[REVISION_LABEL] === revision)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    // One that has ended may leave its address to a pod of somebody else.
    .filter(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded');
  const of = source === undefined ? undefined : { owner: model, revision, source, settings };
  return {
    name: revision,
    ...(record === undefined ? {} : { number: record.revision }),
    version: source?.model.version ?? '',
    ...(source?.model.digest === undefined ? {} : { digest: source.model.digest }),
    isRecorded: record !== undefined && recordedSource(record) !== undefined,
    ...(deployment === undefined ? {} : { deployment: deploymentSeen(deployment) }),
    ...(autoscaler === undefined
      ? {}
      : {
          autoscaler: {
            minReplicas: autoscaler.spec.minReplicas ?? 1,
            maxReplicas: autoscaler.spec.maxReplicas,
          },
        }),
    // What it was made from may be lost: then what is there is kept as it is.
    isCurrent:
      of === undefined
        ? deployment !== undefined
        : isCurrent(state, of, deployment) && isAutoscaledAs(spec, of, autoscaler),
    pods: await Promise.all(pods.map((pod) => podSeen(options, pod, signal))),
  };
}

function deploymentSeen({ metadata, spec, status }: Deployment): NonNullable<SeenRevision['deployment']> {
  return {
    role: roleOf(metadata.labels?.[ROLE_LABEL]),
    wantedReplicas: spec.replicas ?? 1,
    readyReplicas: status?.readyReplicas ?? 0,
    // The status of an older template says nothing of the newest.
    updatedReplicas:
      (status?.observedGeneration ?? 0) < (metadata.generation ?? 0) ? 0 : (status?.updatedReplicas ?? 0),
  };
}

/** @throws {TerminalError} A status of another shape. */
function statusOf({ status }: TradingModel): TradingModelStatus {
  const read = readModelStatus(status);
  if ('status' in read) return read.status;
  const faults = read.faults.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new TerminalError(`status of a TradingModel must be readable: ${faults.join('; ')}`);
}

const roleOf = (label: string | undefined): RevisionRole =>
  label === 'stable' || label === 'update' ? label : 'kept';

/** Role and replicas aside, which change while a revision stays what it is. */
function isCurrent(state: ClusterState, of: RevisionOf, deployment: Deployment | undefined): boolean {
  const ref = { namespace: of.owner.metadata.namespace, name: of.revision };
  if (deployment === undefined) return false;
  const role = roleOf(deployment.metadata.labels?.[ROLE_LABEL]);
  return (
    matches(deploymentOf(of, role), deployment) &&
    matches(serviceOf(of), state.services.store.get(ref)) &&
    matches(disruptionBudgetOf(of), state.budgets.store.get(ref))
  );
}

/** Its bounds aside, which change while a rollout goes on. */
function isAutoscaledAs(
  { serving: { targetInFlight } }: TradingModelSpec,
  of: RevisionOf,
  found: HorizontalPodAutoscaler | undefined,
): boolean {
  if (found === undefined) return true;
  const { minReplicas = 1, maxReplicas } = found.spec;
  return matches(autoscalerOf(of, { kind: 'autoscaled', minReplicas, maxReplicas }, targetInFlight), found);
}

async function podSeen({ modelStates }: ObserveOptions, pod: Pod, signal: AbortSignal): Promise<SeenPod> {
  const { name } = pod.metadata;
  const { podIP, conditions = [], containerStatuses = [] } = pod.status ?? {};
  const told = podIP === undefined || podIP === '' ? undefined : await modelStates.ask(podIP, signal);
  const waiting = containerStatuses.map(({ state }) => state?.waiting);
  return {
    name,
    isReady: conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    restarts: containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    isCrashLooping: waiting.some((one) => one?.reason === 'CrashLoopBackOff'),
    ...(told === undefined ? unanswered(pod) : toldBy(told)),
  };
}

function toldBy({ state, digest, reason, message }: PodModelState): Partial<SeenPod> {
  return {
    state,
    ...(digest === undefined ? {} : { digest }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** What the kubelet says of a pod that cannot speak for itself: its image cannot be had, its last run ended with a message. */
function unanswered({ status }: Pod): Partial<SeenPod> {
  for (const { state, lastState } of status?.containerStatuses ?? []) {
    const said = state?.waiting?.message === undefined ? lastState?.terminated : state.waiting;
    if (said?.reason !== undefined && said.reason !== 'ContainerCreating')
      return { reason: said.reason, ...(said.message === undefined ? {} : { message: said.message }) };
  }
  return {};
}

/** A gateway that answers, and knows nothing of a model without traffic, has nothing to confirm. */
function isOutOfIt(report: ControllersReport | undefined, name: string, { status }: TradingModel): boolean {
  const hasTraffic = (status?.traffic ?? []).length > 0;
  return !hasTraffic && report !== undefined && !report.models.some(({ model }) => model === name);
}

function gatewaySeen({ address, report }: GatewayAnswer, model: string): SeenGateway {
  const found = report?.models.find((one) => one.model === model);
  return {
    instance: report?.gateway ?? `${address.ip}:${address.httpPort}`,
    isReady: address.isReady,
    ...(found === undefined ? {} : { trafficGeneration: found.trafficGeneration }),
    usablePredictors: Object.fromEntries(
      (found?.revisions ?? []).map(({ revision, usablePredictors }) => [revision, usablePredictors]),
    ),
  };
}

async function analysisSeen(
  { windows, prometheus }: ObserveOptions,
  key: string,
  seen: Omit<Seen, 'analysis'>,
  namespace: string,
  answers: readonly GatewayAnswer[],
  signal: AbortSignal,
): Promise<SeenAnalysis | undefined> {
  const { spec, status, model } = seen;
  const underWay = analysisUnderWay(status);
  if (underWay === undefined) {
    windows.forget(key);
    return undefined;
  }
  const { startedAt, pair } = underWay;
  const reports = answers.flatMap(({ report }) => report ?? []);
  const counted = windows.advance(key, startedAt, model, pair, reports);
  // Between two measurements nobody reads what Prometheus would say.
  const asked = isMeasurementDue(seen) ? spec.rollout.analysis.metrics : [];
  const external: [string, ExternalValue][] = await Promise.all(
    asked
      .filter((metric) => metric.prometheus !== undefined)
      .map(async (metric) => [metric.name, await prometheus(metric, { ...pair, model, namespace }, signal)]),
  );
  return { startedAt, ...counted, external: Object.fromEntries(external) };
}
