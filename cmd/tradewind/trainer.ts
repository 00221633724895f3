import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TrainerMessage, TrainingJob } from '../../pkg/training/training-job.ts';
import { TrainerFailed } from './errors.ts';

const PROGRAM = fileURLToPath(new URL('../trainer/main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type TrainerDone = Extract<TrainerMessage, { kind: 'done' }>;

export interface TrainerOptions {
  readonly onProgress?: (stage: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs a training job in the trainer process.
 *
 * @throws {TrainerFailed} With the trainer's own code and message.
 */
export async function runTrainer(
  job: TrainingJob,
  { onProgress, signal }: TrainerOptions = {},
): Promise<TrainerDone> {
  const scratch = await mkdtemp(join(tmpdir(), 'tradewind-training-'));
  try {
    const jobFile = join(scratch, 'job.json');
    const cache = process.env['TRADEWIND_CACHE'] ?? join(ROOT, '.cache');
    const xgboost = { named: process.env['XGBOOST_LIBRARY'], wheelFolder: join(cache, 'xgboost') };
    await writeFile(jobFile, JSON.stringify({ job, xgboost }));
    return await supervise(jobFile, onProgress, signal);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function supervise(
  jobFile: string,
  onProgress: TrainerOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<TrainerDone> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, [jobFile], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(signal === undefined ? {} : { signal }),
    });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    child.on('message', (message: TrainerMessage) => {
      if (message.kind === 'progress') onProgress?.(message.stage, message.done, message.total);
      else if (message.kind === 'done') resolve(message);
      else reject(new TrainerFailed(message.code, message.errorKind, message.message));
    });
    child.on('error', (error) => reject(new TrainerFailed('TrainerStopped', 'internal', error.message)));
    child.on('exit', (code, by) =>
      reject(
        new TrainerFailed(
          'TrainerStopped',
          'internal',
          `the trainer must end with a model, ended with ${by ?? code}: ${complaint.trim()}`,
        ),
      ),
    );
  });
}
