import { environmentNames } from '../../../pkg/runtime/config-schema.ts';
import { loadConfig } from '../../../pkg/runtime/config.ts';
import { ConfigInvalid } from '../../../pkg/runtime/common-errors.ts';
import { PROCESSES } from '../../service/processes.ts';

export type ProcessName = keyof typeof PROCESSES;

/** One process that is to run. */
export interface PlannedProcess {
  readonly name: ProcessName;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `host:port` of its health, readiness and metrics. */
  readonly http: string;
}

export interface PlanOptions {
  /** Of this process: the settings that all processes share come from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the gateway listens. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Free ports of 127.0.0.1, two for each process at least. */
  readonly freePorts: readonly number[];
  /** Artifact to serve, where the environment names none. */
  readonly modelFolder: string;
  readonly spoolFolder: string;
}

/** Order in which processes are told to stop: nothing is left unread behind a process that has gone. */
const ORDER: readonly ProcessName[] = ['collector', 'features', 'gateway', 'predictor', 'recorder'];

/**
 * The processes of the distributed system on this machine, in the order of the data, each with its environment.
 *
 * @throws {ConfigInvalid} With the faults of every process at once: settings that are wrong, or missing, as the addresses of servers.
 */
export function planProcesses(options: PlanOptions): readonly PlannedProcess[] {
  const { env, httpPort, grpcPort, modelFolder, spoolFolder } = options;
  const free = options.freePorts.values();
  const predictorPort = String(free.next().value);
  const own: Readonly<Record<ProcessName, Readonly<Record<string, string>>>> = {
    collector: {},
    features: {},
    predictor: {
      TRADEWIND_MODEL_URIS: env['TRADEWIND_MODEL_URIS'] ?? modelFolder,
      TRADEWIND_GRPC_PORT: predictorPort,
    },
    gateway: {
      TRADEWIND_PREDICTORS_ADDRESSES: `127.0.0.1:${predictorPort}`,
      TRADEWIND_GRPC_PORT: String(grpcPort),
      TRADEWIND_HTTP_PORT: String(httpPort),
    },
    recorder: { TRADEWIND_RECORDER_SPOOL: env['TRADEWIND_RECORDER_SPOOL'] ?? spoolFolder },
  };
  const processes = ORDER.map((name): PlannedProcess => {
    const http = { TRADEWIND_HTTP_HOST: '127.0.0.1', TRADEWIND_HTTP_PORT: String(free.next().value) };
    const all = { ...withoutForeign(env, name), ...http, ...own[name] };
    return { name, env: all, http: `127.0.0.1:${all.TRADEWIND_HTTP_PORT}` };
  });
  checkAll(processes);
  return processes;
}

/** The environment without what other processes read and this one would refuse as a misspelt setting. */
function withoutForeign(env: PlanOptions['env'], name: ProcessName): PlanOptions['env'] {
  const own = environmentNames(PROCESSES[name]);
  const foreign = new Set(Object.values(PROCESSES).flatMap((schema) => [...environmentNames(schema)]));
  return Object.fromEntries(Object.entries(env).filter(([key]) => own.has(key) || !foreign.has(key)));
}

function checkAll(processes: readonly PlannedProcess[]): void {
  const faults = new Set<string>();
  for (const { name, env } of processes) {
    try {
      loadConfig(PROCESSES[name], { env });
    } catch (error) {
      if (!(error instanceof ConfigInvalid)) throw error;
      for (const fault of error.faults) faults.add(fault);
    }
  }
  if (faults.size > 0) throw new ConfigInvalid([...faults]);
}
