import type { Clock } from '../runtime/clock.ts';
import { measureRuns } from './measure-runs.ts';
import { InlineSession, type OnnxSession, type SessionOptions } from './onnx-session.ts';
import {
  choosePlacement,
  DEFAULT_MAX_INLINE_MS,
  type Placement,
  type PlacementSettings,
  type RunTimes,
} from './placement.ts';
import type { ModelSignature } from './signatures.ts';
import { warmUp } from './warm-up.ts';
import { WorkerSession } from './worker/worker-session.ts';

export interface OpenOptions extends SessionOptions {
  readonly signature: ModelSignature;
  readonly placement: PlacementSettings;
  /** Most rows of one run. */
  readonly batchRows: number;
  readonly clock: Clock;
  /** Told of every worker that ended by itself. */
  readonly onWorkerLost: (error: Error) => void;
}

/** A warm session, and where it was put. */
export interface PlacedSession {
  readonly session: OnnxSession;
  readonly placement: Placement;
  /** What was measured, where the place was chosen by it. */
  readonly times: RunTimes | undefined;
}

/**
 * Loads a graph, warms it up, and puts it where its runs belong.
 *
 * @throws {ModelFailed} ONNX Runtime refuses it, or it does not run.
 */
export async function openSession(options: OpenOptions): Promise<PlacedSession> {
  const { signature, placement, batchRows, clock } = options;
  const { mode = 'auto', maxInlineMs = DEFAULT_MAX_INLINE_MS } = placement;
  if (mode === 'worker') return await onWorkers(options, undefined);
  const session = await InlineSession.open(options);
  try {
    const isWarm = await warmUp(session, signature);
    if (mode === 'inline') return { session, placement: 'inline', times: undefined };
    const times = isWarm ? await measureRuns(session, signature, batchRows, clock) : undefined;
    if (choosePlacement(times, maxInlineMs) === 'inline') return { session, placement: 'inline', times };
    const placed = await onWorkers(options, times);
    await session.close();
    return placed;
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function onWorkers(options: OpenOptions, times: RunTimes | undefined): Promise<PlacedSession> {
  const { name, bytes, threads, signature, placement, onWorkerLost } = options;
  const session = await WorkerSession.open(
    { name, bytes, threads, signature },
    placement.workers ?? 1,
    onWorkerLost,
  );
  return { session, placement: 'worker', times };
}
