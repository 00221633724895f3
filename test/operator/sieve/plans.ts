import type { KubeRequest } from '../../servers/kube-fault-proxy.ts';

/** Rollouts that faults fall into; each has an end that no fault may change. */
export type ScenarioName = 'promoted' | 'taken back' | 'deleted';

/** What becomes of one write of the controller. */
export const WRITE_FAULTS = [
  'kills the controller before it is done',
  'kills the controller when it is done',
  'is done, and its answer lost',
  'is answered by 409',
] as const;
/** How many of them, the first ones, fall upon each scenario. */
const FAULTS_OF: Readonly<Record<ScenarioName, number>> = { promoted: 4, 'taken back': 3, deleted: 4 };

/** What becomes of the view that the controller has of one kind. */
export const VIEW_FAULTS = [
  /** Events come late: decisions are made on what was. */
  'is stale',
  /** The watch ends and what is listed then is the newest: what was between is never seen. */
  'is unobserved',
  /** The controller dies, and the next one lists what there was when the first one began. */
  'travels in time',
] as const;

/** One fault in one rollout. */
export type Plan = { readonly scenario: ScenarioName } & (
  | { readonly fault: (typeof WRITE_FAULTS)[number]; readonly write: string; readonly nth: number }
  | { readonly fault: (typeof VIEW_FAULTS)[number]; readonly kind: string; readonly nth: number }
);

/** Name of a write, as {@link WRITES} has them; leases and events aside, which are not of the rollout. */
export function writeOf({ isWrite, verb, resource, subresource }: KubeRequest): string | undefined {
  if (!isWrite || resource === 'leases' || resource === 'events') return undefined;
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** Writes of a controller that nothing disturbs, each with how often it occurs at least. */
export const WRITES: Readonly<Record<ScenarioName, Readonly<Record<string, number>>>> = {
  promoted: {
    'patch tradingmodels': 1,
    'patch controllerrevisions': 2,
    'update tradingmodels/status': 12,
    'patch services': 2,
    'patch deployments': 6,
    'patch poddisruptionbudgets': 2,
    'patch horizontalpodautoscalers': 3,
    'delete horizontalpodautoscalers': 1,
  },
  'taken back': {
    'patch controllerrevisions': 1,
    'update tradingmodels/status': 3,
    'patch services': 1,
    'patch deployments': 3,
    'patch poddisruptionbudgets': 1,
    'patch horizontalpodautoscalers': 1,
    'delete horizontalpodautoscalers': 1,
  },
  deleted: { 'patch tradingmodels': 1 },
};

/** Events of each kind that faults fall on, by number. */
const EVENTS: Readonly<Record<string, readonly number[]>> = {
  tradingmodels: [2, 5, 8],
  deployments: [1, 3, 6],
  pods: [1, 3, 4],
  services: [1, 2],
  poddisruptionbudgets: [1, 3],
  horizontalpodautoscalers: [1, 2],
  controllerrevisions: [1, 2],
};

/** Writes after which the controller dies that comes back into the past. */
const DEATHS = [6, 14, 20] as const;

export const PLANS: readonly Plan[] = [...writePlans(), ...viewPlans()];

/** Where time counts: each fault in each scenario once, in its middle. */
export const SOME_PLANS: readonly Plan[] = [
  ...Map.groupBy(PLANS, ({ scenario, fault }) => `${scenario} ${fault}`).values(),
].map((alike) => alike[alike.length >> 1]!);

function writePlans(): readonly Plan[] {
  return Object.entries(WRITES).flatMap(([scenario, writes]) =>
    Object.entries(writes).flatMap(([write, times]) =>
      Array.from({ length: times }, (_, at) => at + 1).flatMap((nth) =>
        WRITE_FAULTS.slice(0, FAULTS_OF[scenario as ScenarioName]).map(
          (fault): Plan => ({ scenario: scenario as ScenarioName, fault, write, nth }),
        ),
      ),
    ),
  );
}

function viewPlans(): readonly Plan[] {
  const scenario = 'promoted';
  return Object.entries(EVENTS).flatMap(([kind, events]) => [
    ...events.flatMap((nth): readonly Plan[] => [
      { scenario, fault: 'is stale', kind, nth },
      { scenario, fault: 'is unobserved', kind, nth },
    ]),
    ...DEATHS.map((nth): Plan => ({ scenario, fault: 'travels in time', kind, nth })),
  ]);
}

/** What a plan does, in words. */
export function titleOf(plan: Plan): string {
  const where = `${plan.scenario}: `;
  if ('write' in plan) return `${where}'${plan.write}' ${plan.nth} ${plan.fault}`;
  if (plan.fault === 'travels in time')
    return `${where}view of ${plan.kind} travels in time at write ${plan.nth}`;
  return `${where}view of ${plan.kind} ${plan.fault} at event ${plan.nth}`;
}
