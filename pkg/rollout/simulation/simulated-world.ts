import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import type { RevisionRole, TradingModelStatus } from '../../tradingmodel/status.ts';
import type { Action } from '../decision.ts';
import type { Seen, SeenRevision } from '../seen.ts';
import type { MetricRow } from './metrics-table.ts';
import { analysisOf } from './table-analysis.ts';

/** Any time will do: only differences count. */
export const START_MS = Date.UTC(2026, 0, 1);

/** A stable revision that serves, an update whose pods come when asked for, and one gateway that follows at once; metrics are those of a table. */
export class SimulatedWorld {
  nowMs = START_MS;
  status: TradingModelStatus;
  readonly spec: TradingModelSpec;
  readonly #model: string;
  readonly #rows: readonly MetricRow[];
  readonly #stable: string;
  readonly #update: string;
  readonly #roles = new Map<string, RevisionRole>();
  #updateReplicas = 0;
  #hasUpdate = false;
  #promotions = 0;

  constructor(model: string, spec: TradingModelSpec, rows: readonly MetricRow[]) {
    this.spec = spec;
    this.#model = model;
    this.#rows = rows;
    this.#stable = `${model}-stable`;
    this.#update = `${model}-update`;
    this.status = {
      stableRevision: this.#stable,
      traffic: [{ revision: this.#stable, weight: 100 }],
      trafficGeneration: 1,
    };
  }

  see(): Seen {
    const { spec, nowMs, status } = this;
    const isReady = (this.#known().findLast(({ metric }) => metric === 'Ready')?.value ?? 1) > 0;
    const startedAt = status.rollout?.analysis?.startedAt;
    const revisions = [this.#revision(this.#stable, spec.serving.minReplicas, true)];
    if (this.#hasUpdate) revisions.push(this.#revision(this.#update, this.#updateReplicas, isReady));
    return {
      ...{ nowMs, model: this.#model, generation: 1, isDeleting: false, hasFinalizer: true, spec, status },
      target: { name: this.#update, version: spec.model.version },
      ...(this.#promotions === 0 ? {} : { action: { type: 'promote', nonce: String(this.#promotions) } }),
      revisions,
      gateways: [
        {
          ...{ instance: 'gateway', isReady: true, trafficGeneration: status.trafficGeneration ?? 0 },
          usablePredictors: { [this.#stable]: 1, [this.#update]: isReady ? this.#updateReplicas : 0 },
        },
      ],
      ...(startedAt === undefined
        ? {}
        : { analysis: analysisOf(spec.rollout.analysis.metrics, this.#known(startedAt), startedAt) }),
    };
  }

  carryOut(actions: readonly Action[], status: TradingModelStatus): void {
    this.status = status;
    for (const action of actions) {
      if (action.kind === 'setRole') this.#roles.set(action.revision, action.role);
      if (!('revision' in action) || action.revision !== this.#update) continue;
      if (action.kind === 'shrinkRevision') this.#updateReplicas = 0;
      if (action.kind !== 'ensureRevision' && action.kind !== 'scaleRevision') continue;
      this.#hasUpdate = true;
      this.#updateReplicas = action.scale.kind === 'fixed' ? action.scale.replicas : action.scale.minReplicas;
    }
  }

  /** A person promotes, at the next decision. */
  promote(): void {
    this.#promotions += 1;
  }

  isPromoted(): boolean {
    return this.status.stableRevision === this.#update;
  }

  /** When the table next says something. */
  nextRowMs(): number {
    const next = this.#rows.find(({ seconds }) => START_MS + seconds * 1000 > this.nowMs);
    return next === undefined ? Infinity : START_MS + next.seconds * 1000;
  }

  /** Rows up to now, after a time. */
  #known(after?: string): readonly MetricRow[] {
    const seconds = (this.nowMs - START_MS) / 1000;
    const since = after === undefined ? -1 : (Date.parse(after) - START_MS) / 1000;
    return this.#rows.filter((row) => row.seconds <= seconds && row.seconds > since);
  }

  #revision(name: string, replicas: number, isReady: boolean): SeenRevision {
    const { minReplicas, maxReplicas = minReplicas } = this.spec.serving;
    const isStable = name === this.#stable;
    return {
      ...{ name, version: this.spec.model.version, number: isStable ? 1 : 2 },
      ...{ isRecorded: true, isCurrent: true, pods: [] },
      deployment: {
        ...{ role: this.#roles.get(name) ?? (isStable ? 'stable' : 'update'), wantedReplicas: replicas },
        ...{ readyReplicas: isReady ? replicas : 0, updatedReplicas: replicas },
      },
      ...(maxReplicas > minReplicas && replicas > 0
        ? { autoscaler: { minReplicas: isStable ? minReplicas : replicas, maxReplicas } }
        : {}),
    };
  }
}
