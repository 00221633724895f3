import type { RolloutSpec } from '../../../pkg/tradingmodel/spec.ts';
import type { MetricPhase, RolloutPhase, RolloutStatus } from '../../../pkg/tradingmodel/status.ts';
import type { Tone } from './ink.ts';
import type { Branch } from './tree.ts';
import { durationText, PAUSE_TEXT, samplesText, stepText, thresholdText, valueText } from './words.ts';

const PHASE_TONES: Readonly<Record<RolloutPhase, Tone>> = {
  ...{ Idle: 'plain', Progressing: 'good', Paused: 'warn' },
  ...{ Aborting: 'bad', Aborted: 'bad', Completed: 'good' },
};

/**
 * Where the rollout stands, and below it who holds it up or why it was given up.
 *
 * @param nowMs - As in `ModelView`.
 */
export function rolloutRows(
  rollout: RolloutStatus | undefined,
  spec: RolloutSpec | undefined,
  nowMs: number | undefined,
): readonly Branch[] {
  if (rollout === undefined) return [];
  const { phase, pauseReasons, skipsAnalysis, abortReason, abortMessage } = rollout;
  const isUnderWay = phase === 'Progressing' || phase === 'Paused';
  return [
    {
      cells: [
        { text: 'rollout' },
        { text: phase, tone: PHASE_TONES[phase] ?? 'plain' },
        { text: isUnderWay ? placeText(rollout, spec, nowMs) : '' },
      ],
      children: [
        ...(skipsAnalysis === true
          ? [{ cells: [{ text: 'promoted in full: measurements do not decide', tone: 'warn' as const }] }]
          : []),
        ...pauseReasons.map((reason) => ({
          cells: [{ text: reason, tone: 'warn' as const }, { text: PAUSE_TEXT[reason] ?? '' }],
        })),
        ...(abortReason === undefined
          ? []
          : [{ cells: [{ text: abortReason, tone: 'bad' as const }, { text: abortMessage ?? '' }] }]),
      ],
    },
  ];
}

function placeText(
  { stepIndex, stepCount, stepStartedAt }: RolloutStatus,
  spec: RolloutSpec | undefined,
  nowMs: number | undefined,
): string {
  const sinceMs =
    nowMs === undefined || stepStartedAt === undefined ? Number.NaN : nowMs - Date.parse(stepStartedAt);
  const lasts = Number.isFinite(sinceMs) ? `, for ${durationText(sinceMs / 1000)} now` : '';
  if (stepCount === 0) return `no steps${lasts}`;
  if (stepIndex >= stepCount) return `all ${stepCount} steps done${lasts}`;
  const step = spec?.steps[stepIndex];
  return `step ${stepIndex + 1}/${stepCount}${step === undefined ? '' : `: ${stepText(step)}`}${lasts}`;
}

const METRIC_TONES: Readonly<Record<MetricPhase, Tone>> = {
  ...{ Pending: 'dim', Successful: 'good', Inconclusive: 'warn', Failed: 'bad' },
};

/** What each metric says, beside what it must keep to. */
export function analysisRows(
  rollout: RolloutStatus | undefined,
  spec: RolloutSpec | undefined,
): readonly Branch[] {
  const analysis = rollout?.analysis;
  if (analysis === undefined) return [];
  return [
    {
      cells: [{ text: 'analysis' }, { text: `since ${analysis.startedAt}`, tone: 'dim' }],
      children: analysis.metrics.map((metric) => {
        const of = spec?.analysis.metrics.find(({ name }) => name === metric.name);
        return {
          cells: [
            { text: metric.name },
            { text: metric.phase, tone: METRIC_TONES[metric.phase] ?? 'plain' },
            { text: valueText(metric.lastValue) },
            { text: metric.stableValue === undefined ? '' : `stable ${valueText(metric.stableValue)}` },
            { text: thresholdText(of) },
            { text: samplesText(metric, of) },
            { text: metric.message ?? '', tone: 'dim' },
          ],
        };
      }),
    },
  ];
}
