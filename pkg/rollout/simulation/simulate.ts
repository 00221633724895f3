import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import type { MetricStatus, RolloutPhase, TradingModelStatus } from '../../tradingmodel/status.ts';
import { decide } from '../decide.ts';
import type { Seen } from '../seen.ts';
import type { MetricRow } from './metrics-table.ts';
import { SimulatedWorld, START_MS } from './simulated-world.ts';
import { simulatedMetrics } from './table-analysis.ts';

/** One thing that the rollout would do, and why. */
export interface SimulatedRow {
  /** Since the rollout began. */
  readonly seconds: number;
  /** Counted from 1; one more than there are steps once all are done. */
  readonly step: number;
  readonly weight: number;
  readonly isShadow: boolean;
  readonly phase: RolloutPhase;
  readonly reason: string;
  readonly message: string;
}

export interface Simulation {
  /** `Unfinished`: the table and the times of the steps are over, and the rollout still waits for something. */
  readonly outcome: 'Promoted' | 'Aborted' | 'Paused' | 'Unfinished';
  /** What it came to, or still waits for. */
  readonly message: string;
  readonly seconds: number;
  readonly rows: readonly SimulatedRow[];
  /** As measured last. */
  readonly metrics: readonly MetricStatus[];
}

export interface SimulationOptions {
  readonly model: string;
  readonly spec: TradingModelSpec;
  readonly rows: readonly MetricRow[];
  /** Go on where a step waits for a person, as if someone promoted at once. */
  readonly promotes: boolean;
}

const MAX_DECISIONS = 100_000;

/**
 * What the rollout of a spec would do if this were measured: the same decisions as on a cluster, over a stable revision that serves, pods that come when
 * asked for, and one gateway that follows within a second.
 */
export function simulate({ model, spec: given, rows, promotes }: SimulationOptions): Simulation {
  const spec = withMetrics(given);
  const world = new SimulatedWorld(model, spec, rows);
  const told: SimulatedRow[] = [];
  const tableEndMs = START_MS + 1000 * (rows.at(-1)?.seconds ?? 0);
  const endMs = tableEndMs + 1000 * (stepSeconds(spec) + spec.rollout.progressDeadlineSeconds);
  for (let i = 0; i < MAX_DECISIONS; i += 1) {
    const seen = world.see();
    const { actions, status, events, lookAgainSeconds = 1 } = decide(seen);
    for (const { reason, message } of events) told.push(rowOf(seen, status, reason, message));
    told.push(...measuredRows(seen, status));
    world.carryOut(actions, status);
    const hold = holdOf(world);
    const isAtRest = world.isPromoted() || status.rollout?.phase === 'Aborted';
    if (hold === 'person' && promotes) world.promote();
    else if (isAtRest || hold === 'person' || (hold === 'evidence' && seen.nowMs >= tableEndMs)) break;
    if (seen.nowMs > endMs) break;
    world.nowMs = Math.min(seen.nowMs + lookAgainSeconds * 1000, world.nextRowMs());
  }
  return ended(world, told);
}

/** Who has to do something before the rollout can go on. */
function holdOf({ status: { rollout }, spec }: SimulatedWorld): 'person' | 'evidence' | undefined {
  const { pauseReasons = [], stepIndex = 0 } = rollout ?? {};
  if (pauseReasons.length === 0) return undefined;
  if (pauseReasons.some((reason) => reason !== 'StepPause' && reason !== 'Inconclusive')) return 'person';
  const pause = spec.rollout.steps[stepIndex]?.pause;
  if (pause !== undefined && pause.durationSeconds === undefined) return 'person';
  return pauseReasons.includes('Inconclusive') ? 'evidence' : undefined;
}

function withMetrics(spec: TradingModelSpec): TradingModelSpec {
  const { rollout } = spec;
  const metrics = [...simulatedMetrics(rollout.analysis.metrics)];
  return { ...spec, rollout: { ...rollout, analysis: { ...rollout.analysis, metrics } } };
}

function rowOf(seen: Seen, status: TradingModelStatus, reason: string, message: string): SimulatedRow {
  const { rollout, traffic = [] } = status;
  const target = traffic.find(({ revision }) => revision === seen.target.name);
  return {
    seconds: (seen.nowMs - START_MS) / 1000,
    step: (rollout?.stepIndex ?? 0) + 1,
    ...{ weight: target?.weight ?? 0, isShadow: target?.shadow ?? false },
    ...{ phase: rollout?.phase ?? 'Idle', reason, message },
  };
}

/** Metrics of which a measurement said something else than the one before. */
function measuredRows(seen: Seen, status: TradingModelStatus): readonly SimulatedRow[] {
  const before = seen.status.rollout?.analysis?.metrics ?? [];
  return (status.rollout?.analysis?.metrics ?? [])
    .filter(
      ({ name, phase }) => phase !== 'Pending' && before.find((one) => one.name === name)?.phase !== phase,
    )
    .map(({ name, phase, message, lastValue }) =>
      rowOf(seen, status, `Metric${phase}`, `${name}: ${message ?? `is ${lastValue ?? 'measured'}`}`),
    );
}

function ended(world: SimulatedWorld, rows: readonly SimulatedRow[]): Simulation {
  const { rollout, conditions = [] } = world.status;
  const isPaused = (rollout?.pauseReasons.length ?? 0) > 0;
  const outcome =
    (world.isPromoted() && 'Promoted') ||
    (rollout?.phase === 'Aborted' && 'Aborted') ||
    (isPaused ? 'Paused' : 'Unfinished');
  return {
    outcome,
    message: conditions.find(({ type }) => type === 'Updated')?.message ?? '',
    seconds: (world.nowMs - START_MS) / 1000,
    rows,
    metrics: rollout?.analysis?.metrics ?? [],
  };
}

function stepSeconds({ rollout }: TradingModelSpec): number {
  return rollout.steps.reduce(
    (sum, { shadow, analysis, pause }) =>
      sum + (shadow?.durationSeconds ?? analysis?.durationSeconds ?? pause?.durationSeconds ?? 0),
    0,
  );
}
