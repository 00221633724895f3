import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  heldSpec,
  type Lease,
  type LeaseSpec,
  microTime,
  nextStep,
  observe,
  type ObservedLease,
} from './lease.ts';

const lease = (resourceVersion: string, spec: LeaseSpec): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'one', namespace: 'a', uid: 'u', resourceVersion },
  spec,
});
const own = (identity: string, isHeld: boolean) => ({ identity, isHeld, leaseDurationSeconds: 15 });

describe('turns of a lease', () => {
  it('takes a lease that nobody holds, and keeps its own', () => {
    const seen = (spec: LeaseSpec): ObservedLease => observe(undefined, lease('1', spec), 0);
    expect(nextStep(seen({}), 0, own('me', false))).toEqual({ kind: 'acquire' });
    expect(nextStep(seen({ holderIdentity: 'me' }), 0, own('me', true))).toEqual({ kind: 'renew' });
    expect(nextStep(seen({ holderIdentity: 'you' }), 0, own('me', true))).toEqual({
      kind: 'wait',
      holder: 'you',
    });
  });

  it('waits for what an earlier process of its name left behind', () => {
    const seen = observe(undefined, lease('1', { holderIdentity: 'me' }), 0);
    expect(nextStep(seen, 15_000, own('me', false))).toEqual({ kind: 'wait', holder: 'me' });
    expect(nextStep(seen, 15_001, own('me', false))).toEqual({ kind: 'acquire' });
  });

  it('never takes a lease that it has seen renewed within its duration, whatever the times in it say', () => {
    const times = fc.integer({ min: -1e9, max: 1e9 }).map((s) => microTime(1.7e15 + s * 1e6));
    const reading = fc.record({ afterMs: fc.nat(20_000), isRenewed: fc.boolean(), renewTime: times });
    fc.assert(
      fc.property(fc.array(reading), fc.integer({ min: 1, max: 60 }), (readings, leaseDurationSeconds) => {
        let [nowMs, version, renewedMs] = [0, 1, 0];
        let seen: ObservedLease | undefined;
        for (const { afterMs, isRenewed, renewTime } of readings) {
          nowMs += afterMs;
          if (seen === undefined || isRenewed) {
            version += 1;
            renewedMs = nowMs;
          }
          const spec = { holderIdentity: 'you', leaseDurationSeconds, renewTime };
          seen = observe(seen, lease(String(version), spec), nowMs);
          const isOver = nowMs - renewedMs > leaseDurationSeconds * 1000;
          expect(nextStep(seen, nowMs, own('me', false)).kind).toBe(isOver ? 'acquire' : 'wait');
        }
      }),
    );
  });

  it('counts changes of the holder and keeps the time of acquisition while it is renewed', () => {
    const first = heldSpec({}, 1e15, own('me', false));
    expect(first).toEqual({
      ...{ holderIdentity: 'me', leaseDurationSeconds: 15, leaseTransitions: 0 },
      ...{ acquireTime: '2001-09-09T01:46:40.000000Z', renewTime: '2001-09-09T01:46:40.000000Z' },
    });
    const renewed = heldSpec(first, 1e15 + 1, own('me', true));
    expect(renewed).toEqual({ ...first, renewTime: '2001-09-09T01:46:40.000001Z' });
    expect(heldSpec(renewed, 1e15 + 2e6, own('you', false))).toMatchObject({
      holderIdentity: 'you',
      leaseTransitions: 1,
    });
  });
});
