import { isDeepStrictEqual } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { named } from './cluster.testing.ts';
import { LivelyCluster, histories, rolloutSettings } from './history.testing.ts';
import type { TradingModelStatus } from '../tradingmodel/status.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { DRAIN_TIMEOUT_MS } from './gateways.ts';
import { readyReplicas, revisionOf } from './readiness.ts';
import type { Seen } from './seen.ts';

/** Ten times as many in the longer form. */
const MORE = process.env['TRADEWIND_FAULTS'] === 'nightly' ? 10 : 1;
const TIMEOUT_MS = MORE * 300_000;
const BOUND = 400;

/** A check that costs nothing while it holds: hundreds of thousands are made. */
function hold(isTrue: boolean, what: string): void {
  if (!isTrue) expect.fail(`must hold: ${what}`);
}

/** What must hold of every decision, whatever came before. */
function check(seen: Seen, { actions, status }: Decision): void {
  const before = seen.status;
  const traffic = status.traffic ?? [];
  const weights = traffic.reduce((sum, { weight }) => sum + weight, 0);
  hold(weights === (status.stableRevision === undefined ? 0 : 100), `weights add up, were ${weights}`);
  const isChanged = !isDeepStrictEqual(before.traffic ?? [], traffic);
  const grown = status.trafficGeneration! - (before.trafficGeneration ?? 0);
  hold(grown >= (isChanged ? 1 : 0), 'the generation grows with each change of traffic, and never falls');
  if (seen.spec.rollout.paused) {
    hold(actions.length === 0 && !isChanged, 'nothing moves while the spec pauses');
    return;
  }
  const others = traffic.filter(({ revision }) => revision !== status.stableRevision);
  hold(others.length <= 1, 'one update at most has traffic');
  for (const { revision } of others) {
    hold(revision === status.updateRevision, 'only the update has traffic beside stable');
    hold(readyReplicas(revisionOf(seen, revision)) > 0, 'the update has traffic only with Ready pods');
  }
  checkFirstLoad(seen, status);
  const isMoving = ['Progressing', 'Paused'].includes(status.rollout!.phase);
  hold(isMoving || others.length === 0, 'all traffic is on stable unless a rollout is under way');
  checkShrinks(seen, actions, status);
  checkPause(before, status);
  checkEvidence(seen, status);
  const numbers = status.revisions!.map(({ number }) => number);
  hold(new Set(numbers).size === numbers.length, 'numbers of revisions differ');
}

/** The update gets a load, or another one, only where every gateway that answers has a predictor of it at hand. */
function checkFirstLoad(
  { status: before, gateways }: Seen,
  { traffic, updateRevision: update }: TradingModelStatus,
): void {
  const loadIn = (targets: TradingModelStatus['traffic']): string => {
    const target = targets?.find(({ revision }) => revision === update);
    return target?.shadow === true ? 'shadow' : String(target?.weight ?? 0);
  };
  const load = loadIn(traffic);
  if (update === undefined || load === '0' || load === loadIn(before.traffic)) return;
  for (const { isReady, usablePredictors } of gateways)
    hold(!isReady || (usablePredictors[update] ?? 0) > 0, 'a load waits for the gateways');
}

/** Pods go only after their traffic went, and the gateways said so or had their time. */
function checkShrinks(seen: Seen, actions: Decision['actions'], status: TradingModelStatus): void {
  for (const action of actions) {
    if (action.kind !== 'shrinkRevision' && action.kind !== 'deleteRevision') continue;
    const { revision } = action;
    hold(!status.traffic!.some((target) => target.revision === revision), 'what has traffic keeps its pods');
    if (action.kind === 'deleteRevision') continue;
    const isConfirmed = seen.gateways.every(
      (gateway) => (gateway.trafficGeneration ?? 0) >= status.trafficGeneration!,
    );
    const waitedMs = seen.nowMs - Date.parse(status.trafficChangedAt ?? '1970-01-01T00:00:00Z');
    hold(isConfirmed || waitedMs >= DRAIN_TIMEOUT_MS, 'pods wait for the gateways, within bounds');
  }
}

/** While a person holds it, the update gets no more than it had. */
function checkPause(before: TradingModelStatus, after: TradingModelStatus): void {
  const isHeld = (status: TradingModelStatus) => status.rollout?.pauseReasons.includes('UserPause') === true;
  if (!isHeld(before) || !isHeld(after) || before.updateRevision !== after.updateRevision) return;
  const weightIn = (status: TradingModelStatus) =>
    status.traffic?.find(({ revision }) => revision === after.updateRevision)?.weight ?? 0;
  hold(weightIn(after) <= weightIn(before), 'no more weight while a person holds it');
  hold(after.rollout!.stepIndex <= before.rollout!.stepIndex, 'no step while a person holds it');
}

/** The last step is left by evidence, by a person, or because the spec says that evidence is not needed. */
function checkEvidence(seen: Seen, after: TradingModelStatus): void {
  const { steps, analysis } = seen.spec.rollout;
  const rollout = after.rollout!;
  const wasBefore = (seen.status.rollout?.stepIndex ?? 0) < steps.length;
  const isAfter = rollout.stepIndex === steps.length && rollout.phase !== 'Idle';
  const isSameRollout = seen.status.rollout?.startedAt === rollout.startedAt;
  const byPerson = seen.action !== undefined && seen.status.lastAction?.nonce !== seen.action.nonce;
  if (!wasBefore || !isAfter || !isSameRollout || byPerson) return;
  if (seen.status.stableRevision === undefined || analysis.metrics.length === 0) return;
  if (analysis.onInconclusive === 'Continue') return;
  const phases = (rollout.analysis?.metrics ?? []).map(({ phase }) => phase);
  hold(
    phases.length === analysis.metrics.length && phases.every((phase) => phase === 'Successful'),
    `every metric passed before the last weight, were ${phases.join(', ')}`,
  );
}

/** Reconciles with every check; the same once more must change nothing. */
function reconcileChecked(cluster: LivelyCluster): void {
  const seen = cluster.see();
  const decision = cluster.reconcile();
  check(seen, decision);
  if (decision.actions.some(({ kind }) => kind === 'restoreSpec')) return;
  // Objects that were just made show only now.
  cluster.reconcile();
  const again = decide(cluster.see());
  hold(again.actions.length === 0, `nothing is done twice, was ${JSON.stringify(again.actions)}`);
  hold(again.events.length === 0, `nothing is told twice, was ${JSON.stringify(again.events)}`);
  hold(isDeepStrictEqual(again.status, cluster.status), 'the status stays as it is');
}

describe('decisions over random histories', () => {
  it(
    'keep every promise, and the same again changes nothing',
    () => {
      fc.assert(
        fc.property(rolloutSettings, histories, (settings, history) => {
          const cluster = new LivelyCluster(settings);
          for (const event of history) {
            reconcileChecked(cluster);
            cluster.happen(event);
          }
          reconcileChecked(cluster);
        }),
        { numRuns: 250 * MORE },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'come to rest once all is well: done, given up, or held for a person',
    () => {
      fc.assert(
        fc.property(rolloutSettings, histories, (settings, history) => {
          const cluster = new LivelyCluster(settings);
          for (const event of history) {
            cluster.reconcile();
            cluster.happen(event);
          }
          cluster.heal();
          cluster.until((one) => one.isAtRest(), BOUND);
          const { stableRevision, traffic, rollout } = cluster.status;
          if (rollout?.phase === 'Aborted')
            expect(traffic).toEqual([{ revision: stableRevision, weight: 100 }]);
        }),
        { numRuns: 250 * MORE },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'do not depend on how often, nor in which order, things were looked at',
    () => {
      fc.assert(
        fc.property(rolloutSettings, histories, fc.nat(), (settings, history, seed) => {
          const once = new LivelyCluster(settings);
          const often = new LivelyCluster(settings);
          for (const [i, event] of history.entries()) {
            once.settle();
            once.happen(event);
            for (let extra = 0; extra < 1 + ((seed + i) % 4); extra += 1) often.settle();
            often.happen(event);
            const seen = once.see();
            const mirrored: Seen = {
              ...seen,
              revisions: seen.revisions.map((one) => ({ ...one, pods: one.pods.toReversed() })).toReversed(),
              gateways: seen.gateways.toReversed(),
            };
            hold(isDeepStrictEqual(decide(mirrored), decide(seen)), 'the order of lists decides nothing');
          }
          expect(often.status).toEqual(once.status);
        }),
        { numRuns: 100 * MORE },
      );
    },
    TIMEOUT_MS,
  );
});

describe('an abort', () => {
  it(
    'ends with all traffic on stable and no pods of the update, however it came about',
    () => {
      fc.assert(
        fc.property(
          rolloutSettings.filter(({ steps }) => steps.length > 0),
          fc.constantFrom('abort', 'crashing', 'mismatched', 'rejected'),
          fc.integer({ min: 0, max: 300 }),
          (settings, how, seconds) => {
            const cluster = new LivelyCluster(settings);
            cluster.until((one) => one.isStable('a'));
            cluster.happen({ kind: 'apply', version: 'b' });
            for (let passed = 0; passed < seconds; passed += 10) {
              cluster.reconcile();
              cluster.pass(10);
            }
            cluster.reconcile();
            if (cluster.status.updateRevision !== named('b')) return;
            if (how === 'abort') cluster.happen({ kind: 'act', type: 'abort' });
            else cluster.happen({ kind: 'health', version: 'b', health: how as 'crashing' });
            cluster.until((one) => one.status.rollout?.phase === 'Aborted' && one.pods('b') === 0, 60);
            expect(cluster.status.traffic).toEqual([{ revision: named('a'), weight: 100 }]);
            expect(cluster.status.stableRevision).toBe(named('a'));
          },
        ),
        { numRuns: 150 * MORE },
      );
    },
    TIMEOUT_MS,
  );
});
