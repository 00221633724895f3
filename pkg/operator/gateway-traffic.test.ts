import { describe, expect, it } from 'vitest';

import type { TradingModelStatus } from '../tradingmodel/status.ts';
import { trafficOf } from './gateway-traffic.ts';
import type { TradingModel } from './kinds.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const modelWith = (status: TradingModelStatus, spec: object = {}): TradingModel => ({
  ...{ apiVersion: 'tradewind.dev/v1alpha1', kind: 'TradingModel', metadata: { name: 'es' } },
  spec: {
    symbols: ['ES', 'NQ'],
    model: { version: '1', uri: 'file:///models/es', digest: DIGEST },
    ...spec,
  },
  status,
});
const revision = (name: string, digest?: string) => ({
  ...{ name, number: 1, version: '1', role: 'stable' as const, weight: 0, replicas: 1, readyReplicas: 1 },
  ...{ modelState: 'warm' as const, ...(digest === undefined ? {} : { digest }) },
});

describe('the traffic of a TradingModel', () => {
  it('names the stable revision first, with predictors and the digest that they must have', () => {
    const status: TradingModelStatus = {
      ...{ stableRevision: 'es-a', trafficGeneration: 4, revisions: [revision('es-a', DIGEST)] },
      traffic: [
        { revision: 'es-b', weight: 25, shadow: true },
        { revision: 'es-a', weight: 75 },
      ],
    };
    const overlay = { policy: 'Linear', buyAbove: '0.7', holdAbove: '0.3' };
    const slo = { latencyThresholdMilliseconds: 10, objectivePercent: '99.9' };
    expect(trafficOf(modelWith(status, { overlay, slo }), (name) => [`${name}:8001`])).toEqual({
      ...{ model: 'es', symbols: ['ES', 'NQ'], generation: 4 },
      overlay: { policy: 'linear', buyAbove: 0.7, holdAbove: 0.3 },
      slo: { latencyThresholdMs: 10, latencyObjective: 0.999 },
      targets: [
        {
          ...{ revision: 'es-a', weight: 75, isShadow: false, digest: DIGEST },
          predictors: ['es-a:8001'],
        },
        { revision: 'es-b', weight: 25, isShadow: true, predictors: ['es-b:8001'] },
      ],
    });
  });

  it('is told when it has ended, so that a gateway can confirm that, and not before there was any', () => {
    expect(trafficOf(modelWith({}), () => [])).toBeUndefined();
    expect(trafficOf(modelWith({ trafficGeneration: 3, traffic: [] }), () => [])).toMatchObject({
      ...{ generation: 3, targets: [] },
    });
  });

  it('is not told of a spec that this release cannot read', () => {
    const status: TradingModelStatus = { trafficGeneration: 1, traffic: [] };
    expect(trafficOf(modelWith(status, { symbols: 'ES' }), () => [])).toBeUndefined();
  });
});
