import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { componentOf } from './edges.ts';
import type { Programs } from './programs.ts';

/** What containers of a component took, over all their samples, beside what its pods ask for. */
export interface ComponentResources {
  /** Without the first half minute of a container: a start takes what is idle, and no request is made for it. */
  readonly cpuCores: Taken;
  readonly memoryMiB: Taken;
}

interface Taken {
  readonly samples: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly request: number | undefined;
  readonly limit: number | undefined;
}

/** A container of the kubelet's summary. Its processor time is a counter, as of `cpu.time`. */
interface ContainerStats {
  readonly name: string;
  readonly startTime: string;
  readonly cpu?: { readonly time: string; readonly usageCoreNanoSeconds?: number };
  readonly memory?: { readonly workingSetBytes?: number };
}

interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string };
  readonly containers?: readonly ContainerStats[];
}

interface Component {
  readonly cores: number[];
  readonly memoryMiB: number[];
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

type Resources = { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
type Container = { readonly name: string; readonly resources: Resources };

/** The kubelet looks at its containers every ten seconds or so; more often than this there is nothing new. */
const PAUSE_MS = 3000;
const START_MS = 30_000;
const MIB = 2 ** 20;

/** Samples what the containers of the namespace take, by the kubelets, until it is stopped. */
export class ResourceSampler {
  readonly #programs: Programs;
  readonly #namespace: string;
  readonly #components = new Map<string, Component>();
  /** The newest sample of each container. */
  readonly #seen = new Map<string, { readonly timeMs: number; readonly coreSeconds: number }>();
  readonly #end = new AbortController();
  readonly #sampling: Promise<void>;

  private constructor(programs: Programs, namespace: string) {
    this.#programs = programs;
    this.#namespace = namespace;
    this.#sampling = this.#sampleUntilEnd();
  }

  static start(programs: Programs, namespace: string): ResourceSampler {
    return new ResourceSampler(programs, namespace);
  }

  /** Ends sampling. @returns By component, sorted. */
  async stop(): Promise<Readonly<Record<string, ComponentResources>>> {
    this.#end.abort();
    await this.#sampling;
    const components = [...this.#components].toSorted(([a], [b]) => a.localeCompare(b));
    return Object.fromEntries(
      components.map(([name, { cores, memoryMiB, requests, limits }]) => [
        name,
        {
          cpuCores: taken(cores, 3, coresOf(requests['cpu']), coresOf(limits['cpu'])),
          memoryMiB: taken(memoryMiB, 0, mebibytesOf(requests['memory']), mebibytesOf(limits['memory'])),
        },
      ]),
    );
  }

  async #sampleUntilEnd(): Promise<void> {
    while (!this.#end.signal.aborted) {
      // A kubelet that restarts answers later.
      await this.#sample().catch(() => undefined);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PAUSE_MS);
        this.#end.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
      });
    }
  }

  async #sample(): Promise<void> {
    const { items: nodes } = await this.#programs.json(['get', 'nodes']);
    // The test's own pods have no name of a program.
    const { items: pods } = await this.#programs.json([
      'get',
      'pods',
      '--selector',
      'app.kubernetes.io/name',
    ]);
    const byName = new Map(pods.map((pod: { metadata: { name: string } }) => [pod.metadata.name, pod]));
    for (const { metadata } of nodes) {
      const path = `/api/v1/nodes/${metadata.name}/proxy/stats/summary?only_cpu_and_memory=true`;
      const { pods: found } = JSON.parse(await this.#programs.kubectl(['get', '--raw', path]));
      for (const { podRef, containers = [] } of found as PodStats[]) {
        const pod = byName.get(podRef.name);
        if (podRef.namespace !== this.#namespace || pod === undefined) continue;
        for (const container of containers) this.#note(podRef.name, pod, container);
      }
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it knows to be there
  #note(podName: string, { metadata, spec }: any, { name, startTime, cpu, memory }: ContainerStats): void {
    const container = (spec.containers as Container[]).find((one) => one.name === name);
    if (container === undefined || cpu?.usageCoreNanoSeconds === undefined) return;
    const { requests = {}, limits = {} } = container.resources;
    const component = componentOf(metadata.labels);
    const all = this.#components.get(component) ?? { cores: [], memoryMiB: [], requests, limits };
    this.#components.set(component, all);

    const key = `${podName}/${name}/${startTime}`;
    const before = this.#seen.get(key);
    const now = { timeMs: Date.parse(cpu.time), coreSeconds: cpu.usageCoreNanoSeconds / 1e9 };
    if (before !== undefined && now.timeMs <= before.timeMs) return;
    this.#seen.set(key, now);
    all.memoryMiB.push((memory?.workingSetBytes ?? 0) / MIB);
    // A counter has a rate from its second look on.
    if (before !== undefined && before.timeMs - Date.parse(startTime) >= START_MS)
      all.cores.push((now.coreSeconds - before.coreSeconds) / ((now.timeMs - before.timeMs) / 1000));
  }
}

/** Writes what was found, to be read beside the guide. */
export function writeResources(path: string, found: Readonly<Record<string, ComponentResources>>): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(found, null, 2)}\n`);
}

function taken(
  values: readonly number[],
  digits: number,
  request: number | undefined,
  limit: number | undefined,
): Taken {
  const ordered = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? 0).toFixed(digits));
  return { samples: values.length, p50: at(0.5), p95: at(0.95), max: at(1), request, limit };
}

/** `25m` or `1`. */
const coresOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);

/** `128Mi` or `1Gi`. */
function mebibytesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const amount = Number(text.slice(0, -2));
  return text.endsWith('Gi') ? amount * 1024 : amount;
}
