import type { KubeObject, ResourceKind } from './objects.ts';

/** `spec` of a Lease of coordination.k8s.io/v1. */
export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  readonly spec: LeaseSpec;
}

export const LEASES: ResourceKind<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  isNamespaced: true,
};

/** A lease as it was last seen to change, on the clock of the one who saw it. */
export interface ObservedLease {
  readonly lease: Lease;
  /** When the lease was first seen in this version, monotonic milliseconds. */
  readonly sinceMs: number;
}

/** Takes a reading of the lease: only one that differs from the last moves the time. */
export function observe(before: ObservedLease | undefined, lease: Lease, nowMs: number): ObservedLease {
  const isSame =
    before !== undefined &&
    before.lease.metadata.uid === lease.metadata.uid &&
    before.lease.metadata.resourceVersion === lease.metadata.resourceVersion;
  return isSame ? before : { lease, sinceMs: nowMs };
}

/** What a candidate may do with a lease that it sees. */
export type LeaseStep =
  /** It holds the lease and may renew it. */
  | { readonly kind: 'renew' }
  /** Nobody holds it, or its holder was not seen to renew it for as long as it had promised. */
  | { readonly kind: 'acquire' }
  /** Somebody else holds it. */
  | { readonly kind: 'wait'; readonly holder: string };

/**
 * Whose turn it is. The times that others wrote are never compared with the own clock: what counts is how long a renewal was not
 * seen, on the clock of the one who looks.
 *
 * @param isHeld - Whether this process acquired the lease and has not lost it since; a lease that an earlier process of the same
 *   identity left behind is waited for like any other.
 * @param leaseDurationSeconds - Counts where the holder has written no duration.
 */
export function nextStep(
  { lease: { spec }, sinceMs }: ObservedLease,
  nowMs: number,
  { identity, isHeld, leaseDurationSeconds }: LeaseOwn,
): LeaseStep {
  const holder = spec.holderIdentity ?? '';
  if (holder === '') return { kind: 'acquire' };
  if (holder === identity && isHeld) return { kind: 'renew' };
  const durationMs = (spec.leaseDurationSeconds ?? leaseDurationSeconds) * 1000;
  return nowMs - sinceMs > durationMs ? { kind: 'acquire' } : { kind: 'wait', holder };
}

/** What a candidate knows of itself. */
export interface LeaseOwn {
  /** Different for every process. */
  readonly identity: string;
  readonly isHeld: boolean;
  readonly leaseDurationSeconds: number;
}

/** RFC 3339 with microseconds, as Kubernetes' `MicroTime` is written. */
export function microTime(us: number): string {
  const ms = Math.floor(us / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us - ms * 1000).padStart(3, '0')}Z`;
}

/** `spec` that acquires or renews a lease. */
export function heldSpec(before: LeaseSpec, nowUs: number, own: LeaseOwn): LeaseSpec {
  const now = microTime(nowUs);
  const { identity: holderIdentity, leaseDurationSeconds } = own;
  if (own.isHeld) return { ...before, holderIdentity, leaseDurationSeconds, renewTime: now };
  const leaseTransitions = (before.leaseTransitions ?? -1) + 1;
  return { holderIdentity, leaseDurationSeconds, acquireTime: now, renewTime: now, leaseTransitions };
}
