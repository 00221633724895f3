import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';

import type { TradingModelStatus } from '../tradingmodel/status.ts';
import { rolloutMetrics } from './rollout-metrics.ts';

const COUNTS = { failed: 0, consecutiveFailed: 0, inconclusive: 0, successful: 3 };
const STATUS: TradingModelStatus = {
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
    {
      type: 'Stalled',
      status: 'False',
      reason: 'No',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
  rollout: {
    ...{ phase: 'Paused', stepIndex: 2, stepCount: 6, pauseReasons: ['StepPause'], weightsVerified: true },
    analysis: {
      startedAt: '2026-01-01T00:00:00Z',
      metrics: [
        { ...COUNTS, name: 'drift', phase: 'Successful', lastValue: '0.12' },
        { ...COUNTS, name: 'skill', phase: 'Inconclusive', lastValue: '0.24', stableValue: '0.25' },
        { ...COUNTS, name: 'mine', phase: 'Pending' },
      ],
    },
  },
};

async function linesOf(status: TradingModelStatus): Promise<readonly string[]> {
  const registry = new Registry();
  rolloutMetrics(registry, () => [{ model: 'm', status }]);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('metrics of rollouts', () => {
  it('say where a rollout stands and what its analysis says', async () => {
    const lines = await linesOf(STATUS);
    expect(lines).toEqual(
      expect.arrayContaining([
        'tradewind_model_condition{model="m",type="Ready"} 1',
        'tradewind_model_condition{model="m",type="Stalled"} 0',
        'tradewind_rollout_phase{model="m",phase="Paused"} 1',
        'tradewind_rollout_phase{model="m",phase="Progressing"} 0',
        'tradewind_rollout_steps_done{model="m"} 2',
        'tradewind_rollout_steps{model="m"} 6',
        'tradewind_rollout_paused{model="m",reason="StepPause"} 1',
        'tradewind_rollout_metric_verdict{model="m",metric="skill",verdict="Inconclusive"} 1',
        'tradewind_rollout_metric_verdict{model="m",metric="skill",verdict="Failed"} 0',
        'tradewind_rollout_metric_value{model="m",metric="skill",of="update"} 0.24',
        'tradewind_rollout_metric_value{model="m",metric="skill",of="stable"} 0.25',
      ]),
    );
    expect(lines.filter((line) => line.includes('_value{') && line.includes('mine'))).toEqual([]);
  });

  it('say nothing of a model that nothing is said of', async () => {
    expect(await linesOf({})).toEqual([]);
  });
});
