import type { Clock } from '../runtime/clock.ts';
import type { OnnxSession } from './onnx-session.ts';
import type { RunTimes } from './placement.ts';
import type { ModelSignature } from './signatures.ts';
import { trialInputs } from './warm-up.ts';

/** Runs of each size: as many as fit into the time, within these bounds. */
const MIN_RUNS = 3;
const MAX_RUNS = 15;
const TIME_MS = 50;

/** Measures how long runs of one row and of a full batch hold this thread. The session must be warm. */
export async function measureRuns(
  session: OnnxSession,
  signature: ModelSignature,
  batchRows: number,
  clock: Clock,
): Promise<RunTimes> {
  const oneRowMs = await medianMs(session, signature, 1, clock);
  const fullBatchMs =
    signature.rowWidth === undefined ? oneRowMs : await medianMs(session, signature, batchRows, clock);
  return { oneRowMs, fullBatchMs };
}

async function medianMs(
  session: OnnxSession,
  signature: ModelSignature,
  rows: number,
  clock: Clock,
): Promise<number> {
  const inputs = trialInputs(signature, rows);
  const outputNames = signature.outputs.map(({ name }) => name);
  const times: number[] = [];
  let spentMs = 0;
  while (times.length < MIN_RUNS || (times.length < MAX_RUNS && spentMs < TIME_MS)) {
    const ms = await heldMs(() => session.run(inputs, outputNames), clock);
    times.push(ms);
    spentMs += ms;
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

/**
 * How long a run holds the thread, whatever else goes on in it: ONNX Runtime runs in a turn that it queues at once, between the two
 * queued here. The time until the promise resolves would say how busy the server is.
 */
async function heldMs(run: () => Promise<unknown>, clock: Clock): Promise<number> {
  const turn = Promise.withResolvers<number>();
  let begunMs = 0;
  setImmediate(() => {
    begunMs = clock.monotonicMs();
  });
  const running = run();
  setImmediate(() => turn.resolve(clock.monotonicMs() - begunMs));
  const [ms] = await Promise.all([turn.promise, running]);
  return ms;
}
