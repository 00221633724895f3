import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readLimitsSpec, readModelSpec, readModelStatus } from './read-object.ts';
import { riskLimitsSpecSchema } from './risk-limits.ts';
import { tradingModelSpecSchema } from './spec.ts';
import { anyModelInput, MINIMAL_LIMITS, MINIMAL_MODEL } from './specs.testing.ts';

describe('a stored spec', () => {
  test('is read with its defaults', () => {
    fc.assert(
      fc.property(anyModelInput, (input) => {
        expect(readModelSpec(input)).toEqual({ spec: tradingModelSpecSchema.parse(input) });
      }),
    );
    expect(readLimitsSpec(MINIMAL_LIMITS)).toEqual({ spec: riskLimitsSpecSchema.parse(MINIMAL_LIMITS) });
  });

  test('of a newer definition is read without the fields that are not known', () => {
    const newer = {
      ...MINIMAL_MODEL,
      fallback: 'none',
      rollout: { steps: [{ setWeight: 5, mirror: {} }], window: 'night' },
    };
    expect(readModelSpec(newer)).toEqual({
      spec: tradingModelSpecSchema.parse({ ...MINIMAL_MODEL, rollout: { steps: [{ setWeight: 5 }] } }),
    });
  });

  test('of an older definition is read though it breaks a rule', () => {
    const older = { ...MINIMAL_MODEL, serving: { minReplicas: 3, maxReplicas: 2 } };
    expect(readModelSpec(older)).toMatchObject({ spec: { serving: { minReplicas: 3, maxReplicas: 2 } } });
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['no symbols', { model: MINIMAL_MODEL.model }, 'symbols'],
    ['a number in words', { ...MINIMAL_MODEL, serving: { threads: 'two' } }, 'serving.threads'],
  ])('that is %s has its faults', (_, value, path) => {
    const read = readModelSpec(value);
    expect('faults' in read && read.faults.map((fault) => fault.path.join('.'))).toEqual([path]);
  });
});

describe('a stored status', () => {
  const rollout = { phase: 'Aborted', stepIndex: 1, stepCount: 3, pauseReasons: [], weightsVerified: true };

  test('of a newer release is read without what is not known here', () => {
    const told = readModelStatus({
      stableRevision: 'a-1',
      later: { x: 1 },
      rollout: { ...rollout, later: 1 },
    });
    expect(told).toMatchObject({ status: { stableRevision: 'a-1', rollout: { phase: 'Aborted' } } });
    expect(JSON.stringify(told)).not.toContain('later');
  });

  test('that is not there yet is empty, and one of another shape is no status', () => {
    expect(readModelStatus(undefined)).toEqual({ status: {} });
    expect(readModelStatus({ traffic: 'all' })).toMatchObject({ faults: [{ path: ['traffic'] }] });
  });
});
