/** A worker thread with one session: loads the model it is started with, then runs what it is sent, in the order in which it comes. */
import { parentPort, workerData } from 'node:worker_threads';

import { ModelFailed, InferenceRequestInvalid } from '../errors.ts';
import { InlineSession } from '../onnx-session.ts';
import type { Tensor } from '../served-model.ts';
import { warmUp } from '../warm-up.ts';
import type { Failure, FromWorker, ToWorker, WorkerModel, WorkerStart } from './messages.ts';
import { RunGate } from './run-gate.ts';

const { model, gate: memory } = workerData as WorkerStart;
const gate = new RunGate(memory);
const port = parentPort!;

function send(message: FromWorker, buffers: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, buffers);
}

/** Loads the model within the gate. @returns Nothing where it cannot be loaded, which is told. */
async function load({ signature, ...options }: WorkerModel): Promise<InlineSession | undefined> {
  if (!gate.enter()) return undefined;
  try {
    const session = await InlineSession.open({ ...options, bytes: Uint8Array.from(options.bytes) });
    await warmUp(session, signature);
    return session;
  } catch (error) {
    send({ kind: 'refused', failure: failureOf(error) });
    return undefined;
  } finally {
    gate.leave();
  }
}

async function answer(session: InlineSession, message: ToWorker & { kind: 'run' }): Promise<void> {
  const { id, inputs, outputNames } = message;
  if (!gate.enter()) return;
  try {
    const outputs = await session.run(inputs, outputNames);
    send({ kind: 'answer', id, outputs }, buffersOf(outputs));
  } catch (error) {
    send({ kind: 'failed', id, failure: failureOf(error) });
  } finally {
    gate.leave();
  }
}

/** What can be handed over without a copy. Two outputs can share memory. */
function buffersOf(tensors: readonly Tensor[]): readonly ArrayBuffer[] {
  const buffers = tensors.flatMap(({ data }) => ('buffer' in data ? [data.buffer as ArrayBuffer] : []));
  return [...new Set(buffers)];
}

/** What is no error of the model is a fault of this thread, and ends it. */
function failureOf(error: unknown): Failure {
  if (error instanceof InferenceRequestInvalid) return { code: error.code, message: error.message };
  if (error instanceof ModelFailed) return { code: error.code, doing: error.doing, why: error.why };
  throw error;
}

const session = await load(model);
if (session === undefined) port.close();
else {
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'run') void answer(session, message);
    else void session.close().then(() => port.close());
  });
  send({ kind: 'ready' });
}
