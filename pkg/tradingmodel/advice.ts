import { REVISION_VARIABLE } from './metrics.ts';
import { quantityValue } from './quantity.ts';
import type { RiskLimitsSpec } from './risk-limits.ts';
import type { MetricSpec, TradingModelSpec } from './spec.ts';
import { symbolShare } from './symbol-share.ts';
import type { Path } from './value-text.ts';

/** Something that is allowed and may not be meant. */
export interface Advice {
  readonly path: Path;
  readonly message: string;
}

/** Requests of a symbol in a second that a rollout is taken to see at most, where nothing better is known. */
export const ASSUMED_REQUESTS_PER_SECOND = 10;

/** What is worth a thought about a model that the API server takes. */
export function adviseModel(spec: TradingModelSpec): readonly Advice[] {
  return [
    ...adviseSource(spec),
    ...adviseServing(spec),
    ...adviseSteps(spec),
    ...adviseWeights(spec),
    ...spec.rollout.analysis.metrics.flatMap((metric, i) => adviseMetric(metric, i, spec)),
  ];
}

/** What is worth a thought about limits that the API server takes. */
export function adviseLimits(spec: RiskLimitsSpec): readonly Advice[] {
  const { killSwitch, marketHours, exposure, symbols } = spec;
  const advice: Advice[] = [];
  if (killSwitch.engaged)
    advice.push({ path: ['spec', 'killSwitch', 'engaged'], message: 'is true: no order will be sent' });
  if (marketHours === undefined)
    advice.push({ path: ['spec'], message: 'has no marketHours: orders may be sent at any time' });
  for (const [i, { maxGrossNotional }] of symbols.entries()) {
    if (maxGrossNotional !== undefined && Number(maxGrossNotional) > Number(exposure.total.maxGrossNotional))
      advice.push({
        path: ['spec', 'symbols', i, 'maxGrossNotional'],
        message: `is above exposure.total.maxGrossNotional (${exposure.total.maxGrossNotional}), which holds all the same`,
      });
  }
  return advice;
}

function adviseSource({ model, risk }: TradingModelSpec): readonly Advice[] {
  const advice: Advice[] = [];
  if (model.verification === 'Off')
    advice.push({
      path: ['spec', 'model', 'verification'],
      message: 'is Off: whatever lies at uri is served',
    });
  if (risk === undefined)
    advice.push({ path: ['spec'], message: 'has no risk.limitsRef: the model gets no orders' });
  return advice;
}

function adviseServing({ serving }: TradingModelSpec): readonly Advice[] {
  const advice: Advice[] = [];
  const { image, threads, resources } = serving;
  const name = image?.split('/').at(-1) ?? '';
  if (image !== undefined && !image.includes('@sha256:') && (!name.includes(':') || name.endsWith(':latest')))
    advice.push({
      path: ['spec', 'serving', 'image'],
      message: 'has no fixed tag or digest: pods of one revision may run different code',
    });
  const processors = quantityValue(resources.limits.cpu ?? '');
  if (processors !== undefined && threads > Math.ceil(processors))
    advice.push({
      path: ['spec', 'serving', 'threads'],
      message: `is ${threads}, resources.limits.cpu gives ${resources.limits.cpu}: the threads will be throttled`,
    });
  return advice;
}

function adviseSteps({ rollout }: TradingModelSpec): readonly Advice[] {
  const { steps, analysis } = rollout;
  const path = ['spec', 'rollout', 'steps'];
  if (steps.length === 0)
    return [
      {
        path: ['spec'],
        message: 'has no rollout.steps: a new revision gets all traffic as soon as it is ready',
      },
    ];
  const advice: Advice[] = [];
  if (analysis.metrics.length === 0)
    advice.push({ path, message: 'have no analysis.metrics: a bad revision is not taken back by itself' });
  let weight = 0;
  for (const [i, step] of steps.entries()) {
    if (step.shadow !== undefined && weight > 0)
      advice.push({
        path: [...path, i, 'shadow'],
        message: `comes after the update has ${weight} per cent of the traffic: shadow it first`,
      });
    if (step.analysis !== undefined && step.analysis.durationSeconds < analysis.intervalSeconds)
      advice.push({
        path: [...path, i, 'analysis', 'durationSeconds'],
        message: `is ${step.analysis.durationSeconds}, below analysis.intervalSeconds (${analysis.intervalSeconds}): nothing may be measured in it`,
      });
    weight = step.setWeight ?? weight;
  }
  return advice;
}

function adviseWeights({ rollout, symbols }: TradingModelSpec): readonly Advice[] {
  const advice: Advice[] = [];
  let before = 0;
  for (const [i, { setWeight }] of rollout.steps.entries()) {
    if (setWeight === undefined) continue;
    const path = ['spec', 'rollout', 'steps', i, 'setWeight'];
    const share = symbolShare(setWeight, symbols.length);
    const symbolsText = `${share} of ${symbols.length} symbol${symbols.length === 1 ? '' : 's'}`;
    if (share === before)
      advice.push({ path, message: `changes nothing: ${setWeight} per cent are ${symbolsText}, as before` });
    else if (symbols.length > 1 && Math.abs((share / symbols.length) * 100 - setWeight) > 10)
      advice.push({
        path,
        message: `gives ${symbolsText}, which is ${Math.round((share / symbols.length) * 100)} per cent: a symbol is never split`,
      });
    before = share;
  }
  return advice;
}

function adviseMetric(metric: MetricSpec, index: number, spec: TradingModelSpec): readonly Advice[] {
  const path = ['spec', 'rollout', 'analysis', 'metrics', index];
  const advice: Advice[] = [];
  if (metric.prometheus !== undefined && !metric.prometheus.query.includes(REVISION_VARIABLE))
    advice.push({
      path: [...path, 'prometheus', 'query'],
      message: `has no ${REVISION_VARIABLE}: it measures the same whatever is rolled out`,
    });
  const { seconds, samples } = evidence(spec);
  if (metric.minSamples > samples)
    advice.push({
      path: [...path, 'minSamples'],
      message: `is ${metric.minSamples}, the steps give about ${samples} at ${ASSUMED_REQUESTS_PER_SECOND} requests a second and symbol: it may stay inconclusive`,
    });
  const { intervalSeconds } = spec.rollout.analysis;
  if (seconds > 0 && metric.failureLimit * intervalSeconds > seconds)
    advice.push({
      path: [...path, 'failureLimit'],
      message: `is ${metric.failureLimit} measurements of ${intervalSeconds} s, the steps last ${seconds} s: the metric cannot fail in time`,
    });
  return advice;
}

/** Time in which the update is measured, and the requests that it may see; both without bound where a step waits for a person. */
function evidence({ rollout, symbols }: TradingModelSpec): {
  readonly seconds: number;
  readonly samples: number;
} {
  let seconds = 0;
  let samples = 0;
  let share = 0;
  for (const step of rollout.steps) {
    if (step.setWeight !== undefined) share = symbolShare(step.setWeight, symbols.length);
    const lasts =
      step.shadow?.durationSeconds ??
      step.analysis?.durationSeconds ??
      (step.pause === undefined ? 0 : (step.pause.durationSeconds ?? Infinity));
    const watched = step.shadow === undefined ? share : symbols.length;
    if (watched === 0 || lasts === 0) continue;
    seconds += lasts;
    samples += Math.max(lasts * watched * ASSUMED_REQUESTS_PER_SECOND, step.shadow?.minRequests ?? 0);
  }
  // Without steps nothing is waited for, and nothing can be said.
  return rollout.steps.length === 0 ? { seconds: 0, samples: Infinity } : { seconds, samples };
}
