import { type TradingModelSpec, tradingModelSpecSchema } from '../tradingmodel/spec.ts';
import type { TradingModelStatus } from '../tradingmodel/status.ts';
import { addCounters, NO_COUNTERS, type RevisionCounters } from './analysis/counters.ts';
import { decide } from './decide.ts';
import type { Action, Decision, Scale } from './decision.ts';
import type { Seen, SeenAction, SeenGateway, SeenPod, SeenRevision } from './seen.ts';

/** How the pods of a version behave. */
export type Health = 'healthy' | 'slow' | 'crashing' | 'mismatched' | 'rejected';

interface Objects {
  number?: number;
  model: TradingModelSpec['model'];
  isRecorded: boolean;
  deployment?: { role: 'stable' | 'update' | 'kept'; wanted: number };
  autoscaler?: { minReplicas: number; maxReplicas: number };
  pods: { name: string; readyAtMs: number }[];
}

interface Gateway {
  instance: string;
  isReady: boolean;
  confirmed?: number;
  /** Revisions of the traffic that it follows. */
  known?: readonly string[];
  /** Follows no change while true. */
  isStuck: boolean;
  /** Reaches no pod while true. */
  hasNoPredictors?: boolean;
}

export const MODEL = 'm';
/** Name of the revision of a version. */
export const named = (version: string): string => `${MODEL}-${version}`;
const digestOf = (version: string): string => `sha256:${version.padEnd(64, '0').slice(0, 64)}`;

type RolloutInput = Parameters<typeof tradingModelSpecSchema.parse>[0];

/** A spec of one version, with a rollout. */
export function specOf(version: string, rollout: object = {}, serving: object = {}): TradingModelSpec {
  const input: RolloutInput = {
    symbols: ['ES'],
    model: { version, uri: `s3://models/${version}`, digest: digestOf(version) },
    ...{ serving, rollout },
  };
  return tradingModelSpecSchema.parse(input);
}

/** A cluster that does what decisions ask for, in its own time: pods take a while to be Ready, gateways to follow. */
export class SimulatedCluster {
  nowMs = Date.UTC(2026, 0, 5, 14, 30);
  generation = 1;
  spec: TradingModelSpec;
  status: TradingModelStatus = {};
  action: SeenAction | undefined;
  isDeleting = false;
  hasFinalizer = false;
  readonly health = new Map<string, Health>();
  readonly objects = new Map<string, Objects>();
  gateways: Gateway[] = [
    { instance: 'g1', isReady: true, isStuck: false },
    { instance: 'g2', isReady: true, isStuck: false },
  ];
  podReadyMs = 3000;
  /** What each version's counters grow by while it has traffic; also the copies of a shadow. */
  counts: (version: string) => RevisionCounters = () => NO_COUNTERS;
  external: Seen['analysis'] extends infer A ? (A extends { external: infer E } ? E : never) : never = {};
  decisions: Decision[] = [];
  private counted = new Map<string, RevisionCounters>();
  private countedFor = '';
  private podCount = 0;

  constructor(spec: TradingModelSpec) {
    this.spec = spec;
  }

  /** Another spec, as `kubectl apply` brings it. */
  apply(spec: TradingModelSpec): this {
    this.spec = spec;
    this.generation += 1;
    return this;
  }

  /** An annotation of an action. */
  act(type: SeenAction['type'], extra: Partial<SeenAction> = {}): this {
    this.action = { type, nonce: `${type}-${this.nowMs}-${this.generation}`, requestedBy: 'ann', ...extra };
    return this;
  }

  see(): Seen {
    const startedAt = this.status.rollout?.analysis?.startedAt;
    const { stableRevision, updateRevision } = this.status;
    return {
      ...{ nowMs: this.nowMs, model: MODEL, generation: this.generation, spec: this.spec },
      ...{ isDeleting: this.isDeleting, hasFinalizer: this.hasFinalizer, status: this.status },
      target: this.target(),
      ...(this.action === undefined ? {} : { action: this.action }),
      revisions: [...this.objects].map(([name, one]) => this.seeRevision(name, one)),
      gateways: this.gateways.map((gateway) => this.seeGateway(gateway)),
      ...(startedAt === undefined || this.countedFor !== startedAt
        ? {}
        : {
            analysis: {
              startedAt,
              update: this.counted.get(updateRevision ?? '') ?? NO_COUNTERS,
              stable: this.counted.get(stableRevision ?? '') ?? NO_COUNTERS,
              external: this.external,
            },
          }),
    };
  }

  /** One reconcile: decide, do, write the status. */
  reconcile(): Decision {
    const decision = decide(this.see());
    this.decisions.push(decision);
    for (const action of decision.actions) this.carryOut(action);
    this.status = decision.status;
    const startedAt = this.status.rollout?.analysis?.startedAt;
    if (startedAt !== undefined && startedAt !== this.countedFor) {
      this.countedFor = startedAt;
      this.counted = new Map();
    }
    return decision;
  }

  /** A controller that dies on its way: some of the actions are done, and the status is not written. */
  reconcileInPart(count: number): void {
    for (const action of decide(this.see()).actions.slice(0, count)) this.carryOut(action);
  }

  /** A gateway is replaced by another, which has not read anything yet. */
  restartGateway(index: number): void {
    const gateway = this.gateways[index]!;
    this.podCount += 1;
    this.gateways[index] = { ...gateway, instance: `g${this.podCount}` };
    delete this.gateways[index].confirmed;
    delete this.gateways[index].known;
  }

  /** Time passes: gateways follow, and requests are counted. */
  pass(seconds: number): this {
    this.nowMs += seconds * 1000;
    for (const gateway of this.gateways) {
      if (gateway.isStuck) continue;
      gateway.confirmed = this.status.trafficGeneration ?? 0;
      gateway.known = (this.status.traffic ?? []).map(({ revision }) => revision);
    }
    for (const { revision } of this.status.traffic ?? []) {
      const version = revision.slice(MODEL.length + 1);
      const before = this.counted.get(revision) ?? NO_COUNTERS;
      this.counted.set(revision, addCounters(before, this.counts(version)));
    }
    return this;
  }

  /** Reconciles and lets time pass, in steps, until something holds. */
  until(holds: (cluster: this) => boolean, limit = 400, seconds = 5): this {
    for (let i = 0; i < limit; i += 1) {
      this.reconcile();
      if (holds(this)) return this;
      this.pass(seconds);
    }
    throw new Error(
      `did not come about in ${limit} reconciles: ${JSON.stringify(this.status, undefined, 1)}`,
    );
  }

  /** Reconciles until nothing is left to be done, in this instant. */
  settle(): this {
    for (let i = 0; i < 10; i += 1) if (this.reconcile().actions.length === 0) return this;
    throw new Error('a cluster must come to rest');
  }

  /** Whether a version is stable and nothing is on its way. */
  isStable(version: string): boolean {
    return this.status.stableRevision === named(version) && this.status.updateRevision === undefined;
  }

  weight(version: string): number {
    return this.status.traffic?.find(({ revision }) => revision === named(version))?.weight ?? 0;
  }

  pods(version: string): number {
    return this.objects.get(named(version))?.pods.length ?? 0;
  }

  condition(type: string) {
    return this.status.conditions?.find((one) => one.type === type);
  }

  events(): readonly string[] {
    return this.decisions.flatMap(({ events }) => events.map(({ reason }) => reason));
  }

  carryOut(action: Action): void {
    switch (action.kind) {
      case 'addFinalizer':
        this.hasFinalizer = true;
        return;
      case 'removeFinalizer':
        this.hasFinalizer = false;
        return;
      case 'recordRevision': {
        const one = this.ofTarget(action.revision);
        one.number = action.number;
        one.isRecorded = true;
        return;
      }
      case 'ensureRevision': {
        const one = this.ofTarget(action.revision);
        one.deployment ??= { role: action.role, wanted: 0 };
        one.deployment.role = action.role;
        this.scale(one, action.scale);
        return;
      }
      case 'scaleRevision':
        this.scale(this.objects.get(action.revision)!, action.scale);
        return;
      case 'setRole':
        this.objects.get(action.revision)!.deployment!.role = action.role;
        return;
      case 'shrinkRevision': {
        const one = this.objects.get(action.revision)!;
        delete one.autoscaler;
        one.deployment!.wanted = 0;
        one.pods = [];
        return;
      }
      case 'deleteRevision':
        this.objects.delete(action.revision);
        return;
      case 'restoreSpec':
        this.apply({ ...this.spec, model: this.objects.get(action.revision)!.model });
        return;
    }
  }

  /** Pods of a version are lost, as when their node dies; the Deployment makes others. */
  losePods(version: string): void {
    const one = this.objects.get(named(version));
    if (one === undefined) return;
    const { length } = one.pods;
    one.pods = [];
    this.addPods(one, length);
  }

  private target() {
    const { version, digest } = this.spec.model;
    return { name: named(version), version, ...(digest === undefined ? {} : { digest }) };
  }

  private ofTarget(revision: string): Objects {
    const known = this.objects.get(revision);
    if (known !== undefined) return known;
    if (revision !== this.target().name) throw new Error(`no spec of ${revision} is at hand`);
    const made: Objects = { model: this.spec.model, isRecorded: false, pods: [] };
    this.objects.set(revision, made);
    return made;
  }

  private scale(one: Objects, scale: Scale): void {
    const deployment = one.deployment!;
    if (scale.kind === 'fixed') {
      delete one.autoscaler;
      deployment.wanted = scale.replicas;
    } else {
      one.autoscaler = { minReplicas: scale.minReplicas, maxReplicas: scale.maxReplicas };
      deployment.wanted = Math.max(deployment.wanted, scale.minReplicas);
    }
    one.pods = one.pods.slice(0, deployment.wanted);
    this.addPods(one, deployment.wanted - one.pods.length);
  }

  private addPods(one: Objects, count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.podCount += 1;
      one.pods.push({ name: `p${this.podCount}`, readyAtMs: this.nowMs + this.podReadyMs });
    }
  }

  private seeRevision(name: string, one: Objects): SeenRevision {
    const { deployment, autoscaler, number } = one;
    const pods = one.pods.map((pod) => this.seePod(one.model.version, pod));
    return {
      ...{ name, version: one.model.version, isRecorded: one.isRecorded, isCurrent: true, pods },
      ...(one.model.digest === undefined ? {} : { digest: one.model.digest }),
      ...(number === undefined ? {} : { number }),
      ...(deployment === undefined
        ? {}
        : {
            deployment: {
              ...{ role: deployment.role, wantedReplicas: deployment.wanted },
              readyReplicas: pods.filter((pod) => pod.isReady).length,
              updatedReplicas: pods.length,
            },
          }),
      ...(autoscaler === undefined ? {} : { autoscaler }),
    };
  }

  private seePod(version: string, { name, readyAtMs }: Objects['pods'][number]): SeenPod {
    const health = this.health.get(version) ?? 'healthy';
    const isUp = this.nowMs >= readyAtMs;
    const base = { name, restarts: 0, isCrashLooping: false, isReady: false };
    if (!isUp || health === 'slow') return { ...base, state: 'fetching' };
    if (health === 'crashing') return { ...base, restarts: 4, isCrashLooping: true };
    if (health === 'rejected') {
      return { ...base, state: 'failed', reason: 'ContractMismatch', message: 'inputs must be 24, were 20' };
    }
    const digest = digestOf(health === 'mismatched' ? 'ffff' : version);
    return { ...base, isReady: true, state: 'warm', digest };
  }

  private seeGateway({ instance, isReady, confirmed, known, hasNoPredictors }: Gateway): SeenGateway {
    const usable = [...this.objects]
      .filter(([name]) => hasNoPredictors !== true && known?.includes(name) === true)
      .map(([name, one]): [string, number] => [
        name,
        one.pods.filter((pod) => this.seePod(one.model.version, pod).isReady).length,
      ]);
    return {
      ...{ instance, isReady, usablePredictors: Object.fromEntries(usable) },
      ...(confirmed === undefined ? {} : { trafficGeneration: confirmed }),
    };
  }
}
