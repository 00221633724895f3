import { Gauge, type Registry } from 'prom-client';

import type { MetricPhase, RolloutPhase, TradingModelStatus } from '../tradingmodel/status.ts';

/** A model with what is said of it. */
export interface ModelWithStatus {
  readonly model: string;
  readonly status: TradingModelStatus;
}

type Labels = Readonly<Record<string, string>>;

const PHASES: readonly RolloutPhase[] = ['Idle', 'Progressing', 'Paused', 'Aborting', 'Aborted', 'Completed'];
const VERDICTS: readonly MetricPhase[] = ['Pending', 'Successful', 'Inconclusive', 'Failed'];

/** Where every rollout stands and what its analysis says, from the status of the models, whenever metrics are asked for. */
export function rolloutMetrics(registry: Registry, models: () => readonly ModelWithStatus[]): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    of: (status: TradingModelStatus) => readonly (readonly [Labels, number])[],
  ): void =>
    registry.registerMetric(
      new Gauge({
        ...{ name, help, labelNames: ['model', ...labelNames], registers: [] },
        collect() {
          this.reset();
          for (const { model, status } of models())
            for (const [labels, value] of of(status)) this.set({ model, ...labels }, value);
        },
      }),
    );
  const metricsOf = ({ rollout }: TradingModelStatus) => rollout?.analysis?.metrics ?? [];

  gauge(
    'tradewind_model_condition',
    '1 for a condition that is true, else 0.',
    ['type'],
    ({ conditions = [] }) => conditions.map(({ type, status }) => [{ type }, Number(status === 'True')]),
  );
  gauge('tradewind_rollout_phase', '1 for the phase that the rollout is in.', ['phase'], ({ rollout }) =>
    rollout === undefined ? [] : PHASES.map((phase) => [{ phase }, Number(phase === rollout.phase)]),
  );
  gauge('tradewind_rollout_steps_done', 'Steps that are done.', [], ({ rollout }) =>
    rollout === undefined ? [] : [[{}, rollout.stepIndex]],
  );
  gauge('tradewind_rollout_steps', 'Steps that there are.', [], ({ rollout }) =>
    rollout === undefined ? [] : [[{}, rollout.stepCount]],
  );
  gauge(
    'tradewind_rollout_paused',
    '1 for each reason that holds the rollout up.',
    ['reason'],
    ({ rollout }) => (rollout?.pauseReasons ?? []).map((reason) => [{ reason }, 1]),
  );
  gauge(
    'tradewind_rollout_metric_verdict',
    '1 for what the last measurement of a metric of the analysis said.',
    ['metric', 'verdict'],
    (status) =>
      metricsOf(status).flatMap(({ name, phase }) =>
        VERDICTS.map((verdict) => [{ metric: name, verdict }, Number(verdict === phase)] as const),
      ),
  );
  gauge(
    'tradewind_rollout_metric_value',
    'Last value of a metric of the analysis: of the update, and of the stable revision where it has one.',
    ['metric', 'of'],
    (status) =>
      metricsOf(status).flatMap(({ name: metric, lastValue, stableValue }) => [
        ...valueOf({ metric, of: 'update' }, lastValue),
        ...valueOf({ metric, of: 'stable' }, stableValue),
      ]),
  );
}

function valueOf(labels: Labels, text: string | undefined): readonly (readonly [Labels, number])[] {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) ? [] : [[labels, value]];
}
