import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { EventLog } from '../../../pkg/eventlog/event-log.ts';
import { isDrained } from '../../../pkg/pipeline/checkpointer.ts';
import { CRASH_VARIABLES } from '../../../pkg/runtime/crash-point.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningService, startService } from '../../support/services.ts';
import { IS_NIGHTLY } from '../../support/fault-report.ts';
import { type Fault, nameOf, PROCESS_NAMES, type ProcessName } from './cells.ts';

/** Short enough for many cells, long enough for a busy machine. */
export const SESSION_MS = IS_NIGHTLY ? 10_000 : 2000;
const WITHIN_MS = IS_NIGHTLY ? 1_200_000 : 120_000;
/** A look at the log is dozens of requests. */
const LOOK_MS = 200;
/** How long a predictor, which has no session, stands still. */
const STANDSTILL_MS = 2 * SESSION_MS;
/** What a process logs that learns that others have its work. */
const LOST = '"lost the partitions of a group"';
const TAKEN = 'StreamTaken';

/** Where each group is at the end of what it reads: upstream first, since its output grows until then. */
const GROUPS = [
  { group: 'features', topics: [TOPICS.marketData] },
  { group: 'gateway', topics: [TOPICS.features] },
  { group: 'recorder', topics: [TOPICS.marketData, TOPICS.features, TOPICS.signals, TOPICS.quarantine] },
];

export interface SystemOptions {
  readonly log: EventLog;
  /** Configuration of a process; a second one beside it is given another number. */
  readonly configOf: (process: ProcessName, instance: number) => object;
  /** Records that each topic has at the end, to know how far a process has come; where a fault has a share. */
  readonly expected?: Readonly<Record<string, number>>;
}

/** The five processes over real servers, and what happens to them. */
export class MatrixSystem {
  readonly #options: SystemOptions;
  readonly #all: RunningService[] = [];
  readonly #current = new Map<ProcessName, RunningService>();
  readonly #instances = new Map<ProcessName, number>();
  /** Processes that stand still, each with another in its place. */
  readonly #stopped: { readonly process: ProcessName; readonly service: RunningService }[] = [];

  constructor(options: SystemOptions) {
    this.#options = options;
  }

  /** Runs the stream to its end through all that happens. @throws A fault did not happen, or not all was read in time. */
  async run(faults: readonly Fault[]): Promise<void> {
    await Promise.all(
      PROCESS_NAMES.map((process) =>
        this.#runOne(
          process,
          faults.filter((fault) => fault.process === process),
        ),
      ),
    );
    await this.#drained();
    for (const { process, service } of this.#stopped) await this.#resume(process, service);
    await this.#drained();
  }

  /** Whether a process went on after the group had given its partitions to another: only then may records come twice. */
  get wasOvertaken(): boolean {
    return this.#all.some((service) => [LOST, TAKEN].some((word) => service.log().includes(word)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((service) => service.stop('SIGKILL')));
  }

  async #runOne(process: ProcessName, faults: readonly Fault[]): Promise<void> {
    await this.#start(process, faults[0]);
    for (const [i, fault] of faults.entries()) {
      const service = this.#current.get(process)!;
      if ('share' in fault.at) {
        await this.#reaches(process, fault.at.share);
        service.signal(fault.signal);
      }
      await within(hasHappened(service, fault), `${nameOf(fault)} must happen`, service);
      if (fault.signal === 'SIGTERM' && (await service.ended) !== 0)
        throw new Error(`${process} must stop in order, has logged:\n${service.log()}`);
      if (fault.signal !== 'SIGSTOP') await this.#start(process, faults[i + 1]);
      else if (process === 'predictor') await standStill(service);
      else {
        this.#stopped.push({ process, service });
        this.#instances.set(process, (this.#instances.get(process) ?? 0) + 1);
        await this.#start(process, faults[i + 1]);
      }
    }
  }

  async #start(process: ProcessName, fault: Fault | undefined): Promise<void> {
    const config = this.#options.configOf(process, this.#instances.get(process) ?? 0);
    const env: Record<string, string> = {};
    if (fault !== undefined && 'point' in fault.at) {
      env[CRASH_VARIABLES.point] = `${fault.at.point}:${fault.at.passing}`;
      env[CRASH_VARIABLES.signal] = fault.signal;
    }
    const service = await startService(process, config, env);
    this.#all.push(service);
    this.#current.set(process, service);
  }

  /** Lets a process go on that others have long replaced, until it knows, and stops it. */
  async #resume(process: ProcessName, service: RunningService): Promise<void> {
    service.signal('SIGCONT');
    if (process === 'collector') {
      await within(service.ended, 'a collector that was replaced must end', service);
      if (!service.log().includes(TAKEN)) throw new Error(`it must say why, has logged:\n${service.log()}`);
      return;
    }
    await within(
      eventually(() => service.log().includes(LOST), WITHIN_MS),
      `${process} must notice that it lost its partitions`,
      service,
    );
    const code = await service.stop('SIGTERM');
    if (code !== 0) throw new Error(`${process} must stop in order, has logged:\n${service.log()}`);
  }

  async #drained(): Promise<void> {
    const collector = this.#current.get('collector')!;
    await within(
      eventually(
        async () => collector.log().includes('"source ended"') && isDrained(this.#options.log, GROUPS),
        WITHIN_MS,
        LOOK_MS,
      ),
      'all must be read',
      ...this.#current.values(),
    );
  }

  /** Waits until a process has done a share of its work. */
  async #reaches(process: ProcessName, share: number): Promise<void> {
    const { log, expected = {} } = this.#options;
    const topic =
      { collector: TOPICS.marketData, features: TOPICS.features }[process as string] ?? TOPICS.signals;
    await eventually(
      async () => {
        const positions = await log.positions(topic);
        let done = 0;
        for (const { partition, endOffset } of positions)
          done +=
            process === 'recorder' ? ((await log.committed('recorder', topic, partition)) ?? 0) : endOffset;
        return done >= share * expected[topic]!;
      },
      WITHIN_MS,
      LOOK_MS,
    );
  }
}

async function hasHappened(service: RunningService, { signal }: Fault): Promise<void> {
  if (signal === 'SIGSTOP') await eventually(() => stateOf(service.pid) === 'T', WITHIN_MS);
  else await service.ended;
}

/** State letter of a process, as in `ps`; empty where it is gone. */
function stateOf(pid: number): string {
  try {
    return (
      / ([A-Z]) /.exec(readFileSync(join('/proc', String(pid), 'stat'), 'utf8').replace(/^.*\)/, ''))?.[1] ??
      ''
    );
  } catch {
    return '';
  }
}

async function standStill(service: RunningService): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, STANDSTILL_MS));
  service.signal('SIGCONT');
}

async function within(
  work: Promise<unknown>,
  what: string,
  ...services: readonly RunningService[]
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('not in time')), WITHIN_MS);
  });
  try {
    await Promise.race([work, late]);
  } catch (error) {
    const logs = services.map((service) => service.log().slice(-3000)).join('\n---\n');
    throw new Error(`${what}; logs:\n${logs}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
