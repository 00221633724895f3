import type { Pod, TradingModel } from '../../../pkg/operator/kinds.ts';
import { MINIMAL_MODEL } from '../../../pkg/tradingmodel/specs.testing.ts';
import type { TradingModelStatus } from '../../../pkg/tradingmodel/status.ts';

/** Spec of a model whose rollout has every kind of step and two metrics. */
export const SPEC = {
  ...MINIMAL_MODEL,
  symbols: ['ES', 'NQ', 'YM', 'RTY'],
  rollout: {
    steps: [
      { shadow: { durationSeconds: 900, minRequests: 5000 } },
      { setWeight: 25 },
      { analysis: { durationSeconds: 600 } },
      { pause: {} },
    ],
    analysis: {
      metrics: [
        {
          name: 'latency-p99',
          builtin: 'LatencyP99Milliseconds',
          max: '10',
          maxRatioToStable: '1.2',
          minSamples: 500,
        },
        { name: 'errors', builtin: 'ErrorRatio', max: '0.001', minSamples: 500 },
      ],
    },
  },
} as const;

export const STABLE = 'es-direction-11111111';
export const UPDATE = 'es-direction-22222222';

const T = '2026-11-26T09:00:00Z';

/** In the middle of a rollout: a quarter of the symbols, one metric good, one without samples enough. */
export const MID_ROLLOUT: TradingModelStatus = {
  observedGeneration: 4,
  stableRevision: STABLE,
  updateRevision: UPDATE,
  revisions: [
    {
      ...{ name: 'es-direction-00000000', number: 1, version: '2026-11-01', role: 'kept', weight: 0 },
      ...{ replicas: 0, readyReplicas: 0, modelState: 'pending' },
    },
    {
      ...{ name: STABLE, number: 2, version: '2026-11-20', role: 'stable', weight: 75, replicas: 2 },
      ...{ readyReplicas: 2, modelState: 'warm', promotedAt: '2026-11-20T10:00:00Z' },
    },
    {
      ...{ name: UPDATE, number: 3, version: '2026-11-26', role: 'update', weight: 25, replicas: 2 },
      ...{ readyReplicas: 1, modelState: 'failed' },
      lastFailure: {
        reason: 'DigestMismatch',
        message: 'digest must be a, was b',
        pod: `${UPDATE}-x`,
        time: T,
      },
    },
  ],
  traffic: [
    { revision: STABLE, weight: 75 },
    { revision: UPDATE, weight: 25 },
  ],
  trafficGeneration: 7,
  rollout: {
    ...{ phase: 'Paused', stepIndex: 2, stepCount: 4, stepStartedAt: T },
    ...{ pauseReasons: ['Inconclusive'], weightsVerified: true },
    analysis: {
      startedAt: T,
      metrics: [
        {
          ...{
            name: 'latency-p99',
            phase: 'Successful',
            lastValue: '8.123456',
            stableValue: '8.01',
            samples: 900,
          },
          ...{ failed: 0, consecutiveFailed: 0, inconclusive: 0, successful: 3 },
        },
        {
          ...{
            name: 'errors',
            phase: 'Inconclusive',
            lastValue: '0',
            samples: 120,
            message: 'too few samples',
          },
          ...{ failed: 0, consecutiveFailed: 0, inconclusive: 3, successful: 0 },
        },
      ],
    },
  },
  lastAction: {
    ...{ type: 'promote', nonce: 'n1', requestedBy: 'kim', at: T, result: 'Refused' },
    message: 'nothing waits for a person',
  },
  conditions: [
    {
      ...{ type: 'Ready', status: 'True', reason: 'StableServes', message: `${STABLE} answers` },
      ...{ observedGeneration: 4, lastTransitionTime: T },
    },
    {
      ...{ type: 'ModelLoaded', status: 'False', reason: 'DigestMismatch', message: 'one pod has failed' },
      ...{ observedGeneration: 4, lastTransitionTime: T },
    },
  ],
};

/** A model with a status. */
export function modelWith(status: TradingModelStatus | undefined, spec: unknown = SPEC): TradingModel {
  return {
    ...{ apiVersion: 'tradewind.dev/v1alpha1', kind: 'TradingModel' },
    metadata: { name: 'es-direction', namespace: 'desk', generation: 4 },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

/** A pod of a revision. */
export function podOf(revision: string, suffix: string, status: Pod['status'] = {}): Pod {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: `${revision}-${suffix}`, labels: { 'tradewind.dev/revision': revision } },
    spec: { nodeName: 'node-1' },
    status,
  };
}

/** Status of a pod that answers. */
export const READY: Pod['status'] = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ restartCount: 0 }],
};

/** Status of a pod whose container ends again and again. */
export const CRASHING: Pod['status'] = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [{ restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
};
