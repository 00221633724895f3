import { setTimeout as sleep } from 'node:timers/promises';

import {
  type FaultAction,
  KubeFaultProxy,
  type KubeRequest,
  statusBody,
  type WatchLine,
} from '../../servers/kube-fault-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import type { KubernetesServer } from '../../servers/kubernetes.ts';
import { QUICK } from '../controller.ts';
import type { World } from '../world.ts';
import { type Plan, writeOf } from './plans.ts';

/** How long a view stays behind: longer than a controller takes to act on it. */
const BEHIND_MS = 2500;
/** Many controllers at once: none of them has a rival to look out for. */
const SETTINGS = { ...QUICK, leaderElection: { ...QUICK['leaderElection'], retryPeriodSeconds: 3 } };
const LEADING_WITHIN_MS = 60_000;
const LEASE = 'tradewind-controller';

const ANSWERS: Readonly<Record<string, FaultAction>> = {
  'is answered by 409': { kind: 'answer', status: 409, body: statusBody(409, 'Conflict') },
  'is done, and its answer lost': { kind: 'forward', isAnswerLost: true },
};

/** Stands between the controller of one world and the API server, and carries out one plan. */
export class Saboteur {
  /** Writes that came, in order. */
  readonly writes: string[] = [];
  readonly #world: World;
  readonly #proxy: KubeFaultProxy;
  readonly #kubeconfig: string;
  readonly #plan: Plan | undefined;
  readonly #seen = new Map<string, number>();
  /** First list of the kind, for one that travels in time. */
  #past: unknown;
  /** Until when lists and events of the kind are held back, milliseconds of the monotonic clock. */
  #behindUntilMs = 0;
  #mustRelist = false;
  #isArmed = false;
  #hasStruck = false;
  #dying: Promise<void> | undefined;

  private constructor(world: World, proxy: KubeFaultProxy, kubeconfig: string, plan: Plan | undefined) {
    this.#world = world;
    this.#proxy = proxy;
    this.#kubeconfig = kubeconfig;
    this.#plan = plan;
    proxy.plan = (request) => this.#decide(request);
  }

  /** Starts the controller of a world behind a proxy. @param plan - None disturbs nothing. */
  static async start(server: KubernetesServer, world: World, plan: Plan | undefined): Promise<Saboteur> {
    const proxy = await KubeFaultProxy.start(server);
    const kubeconfig = server.writeKubeconfig(`sieve-${world.namespace}`, { server: proxy.url });
    const saboteur = new Saboteur(world, proxy, kubeconfig, plan);
    world.start(kubeconfig, SETTINGS);
    return saboteur;
  }

  /** From now on writes and events count. */
  arm(): void {
    this.#isArmed = true;
  }

  /** Whether the fault of the plan has come about. */
  get hasStruck(): boolean {
    return this.#hasStruck;
  }

  /** Resolves when whoever died has been replaced, and nothing is held back any more. */
  async recovered(): Promise<void> {
    await this.#dying;
    await this.#caughtUp();
    await eventually(() => this.#world.controllers[0]!.isLeading(), LEADING_WITHIN_MS);
  }

  async stop(): Promise<void> {
    await this.#dying;
    await this.#world.stopControllers();
    await this.#proxy.stop();
  }

  async #decide(request: KubeRequest): Promise<FaultAction> {
    const plan = this.#plan;
    const write = writeOf(request);
    if (write !== undefined && this.#isArmed) this.writes.push(write);
    if (plan === undefined) return { kind: 'forward' };
    if ('write' in plan) return this.#onWrite(plan, write);
    if (request.resource === plan.kind && (request.verb === 'list' || request.verb === 'watch'))
      return this.#onView(plan, request);
    if (plan.fault === 'travels in time' && write !== undefined && this.#strikes(plan.nth, 'writes'))
      return { kind: 'forward', onAnswered: () => this.#die() };
    return { kind: 'forward' };
  }

  #onWrite(plan: Extract<Plan, { readonly write: string }>, write: string | undefined): FaultAction {
    if (write !== plan.write || !this.#strikes(plan.nth, write)) return { kind: 'forward' };
    if (plan.fault === 'kills the controller before it is done') {
      this.#die();
      return { kind: 'cut' };
    }
    if (plan.fault === 'kills the controller when it is done')
      return { kind: 'forward', isAnswerLost: true, onAnswered: () => this.#die() };
    return ANSWERS[plan.fault]!;
  }

  async #onView(
    { fault, kind, nth }: Extract<Plan, { readonly kind: string }>,
    { verb }: KubeRequest,
  ): Promise<FaultAction> {
    if (verb === 'list') {
      if (fault !== 'travels in time') await this.#caughtUp();
      return { kind: 'forward', edit: (body: unknown) => this.#listed(body) };
    }
    if (this.#mustRelist) {
      this.#mustRelist = false;
      return { kind: 'answer', status: 410, body: statusBody(410, 'Expired') };
    }
    return {
      kind: 'forward',
      onEvent: async (event: WatchLine) => {
        await this.#caughtUp();
        if (fault === 'travels in time' || event.type === 'BOOKMARK' || !this.#strikes(nth, kind))
          return event;
        this.#behindUntilMs = performance.now() + BEHIND_MS;
        this.#mustRelist = fault === 'is unobserved';
        if (this.#mustRelist) return 'cut';
        await this.#caughtUp();
        return event;
      },
    };
  }

  /** A list as the controller gets it: of a kind that travels in time, the second time the first one. */
  #listed(body: unknown): unknown {
    this.#past ??= body;
    const isBack = this.#plan?.fault === 'travels in time' && this.#hasStruck;
    if (isBack) this.#behindUntilMs = performance.now() + BEHIND_MS;
    return isBack ? this.#past : body;
  }

  async #caughtUp(): Promise<void> {
    const ms = this.#behindUntilMs - performance.now();
    if (ms > 0) await sleep(ms);
  }

  /** Whether this is the nth of its kind, once. */
  #strikes(nth: number, of: string): boolean {
    if (!this.#isArmed || this.#hasStruck) return false;
    const count = (this.#seen.get(of) ?? 0) + 1;
    this.#seen.set(of, count);
    if (count === nth) this.#hasStruck = true;
    return count === nth;
  }

  /** As by SIGKILL: nothing that the controller still does reaches the server. Another one takes its place, once its lease has run out. */
  #die(): void {
    const { plan } = this.#proxy;
    this.#proxy.plan = () => ({ kind: 'cut' });
    this.#dying = (async () => {
      this.#proxy.cutAll();
      await this.#world.stopControllers();
      await this.#world.objects.delete('leases', LEASE);
      this.#proxy.plan = plan;
      this.#world.start(this.#kubeconfig, SETTINGS);
    })();
  }
}
