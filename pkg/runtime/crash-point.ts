import { CrashPointUnknown } from './common-errors.ts';
import type { Logger } from './logger.ts';

/** Environment variables of a crash: the point to die at, `<name>` or `<name>:<n>` for the n-th passing; and the signal. */
export const CRASH_VARIABLES = { point: 'TRADEWIND_CRASH_AT', signal: 'TRADEWIND_CRASH_SIGNAL' } as const;

/** What a process may do to itself there: die at once, begin to stop in order, or stand still as if its machine did. */
export const CRASH_SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const;

/**
 * Places in the processes between two effects, where a crash leaves the first done and the second not. Each is passed by exactly one line of code.
 * `before-batch` and `after-commit` are passed where the next batch of a partition begins: the recorder has committed the one before, the features process
 * may not have yet.
 */
export const CRASH_POINTS = [
  'collector:after-append',
  'collector:after-snapshot',
  'features:taking-over',
  'features:after-step',
  'features:after-outputs',
  'features:after-snapshot',
  'features:before-batch',
  'predictor:after-run',
  'gateway:after-prediction',
  'gateway:after-publish',
  'recorder:after-spool',
  'recorder:after-insert',
  'recorder:after-commit',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];
export type CrashSignal = (typeof CRASH_SIGNALS)[number];

let armed: CrashPoint | undefined;
let signal: CrashSignal = 'SIGKILL';
let passingsLeft = 0;

/**
 * Makes this process send itself a signal at a crash point; called once, at the start. Where the environment names no point nothing is armed.
 *
 * @param env - Of the process: {@link CRASH_VARIABLES}; the signal is SIGKILL unless it is given.
 * @throws {CrashPointUnknown} There is no such point or signal, or n is not 1 or more.
 */
export function armCrashPoint(
  env: Readonly<Record<string, string | undefined>>,
  logger: Pick<Logger, 'warn'>,
): void {
  const text = env[CRASH_VARIABLES.point];
  if (text === undefined) return;
  const name = CRASH_POINTS.find((point) => text === point || text.startsWith(`${point}:`));
  const count = name === undefined || text === name ? '1' : text.slice(name.length + 1);
  if (name === undefined || !/^[1-9]\d{0,8}$/.test(count))
    throw new CrashPointUnknown(CRASH_VARIABLES.point, CRASH_POINTS, text);
  const wanted = env[CRASH_VARIABLES.signal] ?? 'SIGKILL';
  const known = CRASH_SIGNALS.find((one) => one === wanted);
  if (known === undefined) throw new CrashPointUnknown(CRASH_VARIABLES.signal, CRASH_SIGNALS, wanted);
  armed = name;
  signal = known;
  passingsLeft = Number(count);
  logger.warn({ crash_point: name, passing: passingsLeft, signal }, 'this process will end itself');
}

/** Passes a crash point: sends this process its signal where a test has asked for it, and else does nothing. */
export function crashPoint(name: CrashPoint): void {
  if (name !== armed) return;
  passingsLeft -= 1;
  if (passingsLeft === 0) process.kill(process.pid, signal);
}
