import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { MANIFEST_FILE } from '../../../pkg/artifacts/artifact.ts';
import type { ModelLoad } from '../../../pkg/inference/model-loads.ts';
import { aborted } from '../../../pkg/runtime/aborted.ts';
import { EXIT_CODES } from '../../../pkg/runtime/errors.ts';
import { assertFree, freePorts } from '../../../pkg/runtime/free-ports.ts';
import { createProgress } from '../../../pkg/runtime/progress.ts';
import { VERSION } from '../../../pkg/runtime/version.ts';
import { ProcessFailed } from '../errors.ts';
import { printJson } from '../output.ts';
import { simulatedMarket } from '../simulated-market.ts';
import { runTrainer } from '../trainer.ts';
import { type PlannedProcess, planProcesses } from './plan.ts';
import { Supervised } from './supervisor.ts';
import { formatTally, takeTally } from './tally.ts';

/** More than a process takes to stop in order. */
const STOP_DEADLINE_MS = 25_000;
const POLL_MS = 200;
const ANSWER_TIMEOUT_MS = 2000;
const PORTS = 6;
/** Exit codes of a process that another start does not help: a setting, data, a file or a state is wrong. */
const HOPELESS: ReadonlySet<number> = new Set([
  EXIT_CODES.usage,
  EXIT_CODES.data,
  EXIT_CODES.notFound,
  EXIT_CODES.precondition,
]);
const HORIZON_BARS = 5;

export interface DistributedOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Folder of all that is kept. */
  readonly data: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly isJson: boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs every process of the distributed system on this machine, over the servers that the environment names, until the signal
 * aborts; then stops them in the order of the data and prints what they have done.
 *
 * @throws {ConfigInvalid} A setting of a process is wrong or missing.
 * @throws {PortInUse} Another process listens where the gateway is to.
 * @throws {ProcessFailed} A process ended with a fault that another start would not mend.
 */
export async function runDistributed(options: DistributedOptions): Promise<void> {
  const { env, httpPort, grpcPort, isJson, signal } = options;
  const folder = resolve(options.data, 'distributed');
  const modelFolder = join(folder, 'model');
  const processes = planProcesses({
    ...{ env, httpPort, grpcPort, modelFolder, spoolFolder: join(folder, 'recorder') },
    freePorts: await freePorts(PORTS),
  });
  await Promise.all([assertFree(httpPort), assertFree(grpcPort)]);
  const say = (text: string): void => {
    if (!isJson) process.stderr.write(`${text}\n`);
  };
  if (env['TRADEWIND_MODEL_URIS'] === undefined) await trainFirst(modelFolder, options);
  const logFolder = join(folder, 'logs');
  const failed = new AbortController();
  const onEnded = ({ name }: PlannedProcess, code: number | null, said: string): boolean => {
    const isHopeless = HOPELESS.has(code ?? 0);
    if (isHopeless) failed.abort(new ProcessFailed(name, said));
    else say(`  ${name} ended (${code ?? 'killed'}) and is started again: ${said}`);
    return !isHopeless;
  };
  const running = processes.map((planned) => new Supervised(planned, { logFolder, onEnded }));
  const stopping = AbortSignal.any([signal, failed.signal]);
  say(screen(running, logFolder, grpcPort));
  try {
    const hopeless = (why: string): void => failed.abort(new ProcessFailed('predictor', why));
    await Promise.all([
      ...processes
        .filter(({ name }) => name === 'predictor')
        .map(({ http }) => watchModels(http, hopeless, stopping)),
      ...running.map(async ({ process: { name, http } }) => {
        if (await isReady(http, stopping)) say(`  ${name} is ready`);
      }),
    ]);
    await aborted(stopping);
    failed.signal.throwIfAborted();
  } finally {
    const tally = await takeTally(processes);
    for (const one of running) {
      if (!(await one.stop(STOP_DEADLINE_MS)))
        say(`  ${one.process.name} did not stop in time and was killed`);
    }
    if (isJson) printJson(tally);
    else process.stdout.write(formatTally(tally));
  }
}

/** Trains on the simulated market where there is no model yet. */
async function trainFirst(outDir: string, { env, isJson, signal }: DistributedOptions): Promise<void> {
  if (existsSync(join(outDir, MANIFEST_FILE))) return;
  const progress = createProgress(process.stderr, { isQuiet: isJson });
  try {
    await runTrainer(
      {
        inputs: [simulatedMarket(env)],
        featureSets: ['core-v1', 'micro-v1'],
        bar: 'time:1000',
        trainShare: 1,
        settings: { label: { horizonBars: HORIZON_BARS }, embargoBars: HORIZON_BARS },
        ...{ name: 'direction', outDir },
      },
      { signal, onProgress: (stage, done, total) => progress.update(`training: ${stage}`, done, total) },
    );
  } finally {
    progress.stop();
  }
}

function screen(running: readonly Supervised[], logFolder: string, grpcPort: number): string {
  return [
    `Tradewind ${VERSION}, ${running.length} processes`,
    ...running.map(
      ({ process: { name, http }, pid }) =>
        `  ${name.padEnd(10)} http://${http} (/readyz, /metrics)${name === 'gateway' ? `, gRPC 127.0.0.1:${grpcPort}` : ''}, process ${pid}`,
    ),
    `  logs       ${logFolder}`,
    '  stop       Ctrl-C',
  ].join('\n');
}

/** Watches a predictor until its models serve, and tells of a fault of one that will not pass by itself. */
async function watchModels(
  http: string,
  onHopeless: (why: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { models } = ((await answer(`http://${http}/model-state`, signal)
      .then((response) => response?.json())
      .catch(() => undefined)) as { readonly models: readonly ModelLoad[] } | undefined) ?? { models: [] };
    const bad = models.find(({ retryable }) => retryable === false);
    if (bad !== undefined) return onHopeless(`${bad.reason}: ${bad.message}`);
    if (models.length > 0 && models.every(({ state }) => state === 'warm')) return;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** Waits until a process is ready. @returns False where the signal aborted before. */
async function isReady(http: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if ((await answer(`http://${http}/readyz`, signal))?.ok === true) return true;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  return false;
}

/** What a process answers; nothing where it does not. */
function answer(url: string, signal: AbortSignal): Promise<Response | undefined> {
  return fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
  }).catch(() => undefined);
}
