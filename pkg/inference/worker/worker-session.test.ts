import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { encodeEnsemble } from '../../ml/onnx/encode.ts';
import { inspectOnnx } from '../../ml/onnx/inspect.ts';
import { randomEnsemble } from '../../ml/onnx/ensemble.testing.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { InlineSession } from '../onnx-session.ts';
import type { Tensor } from '../served-model.ts';
import { signatureOf } from '../signatures.ts';
import { trialInputs } from '../warm-up.ts';
import { restartWaitMs } from './restarting-worker.ts';
import { WorkerSession } from './worker-session.ts';

const bytes = encodeEnsemble(
  randomEnsemble({ seed: 1, features: 4, treeMembers: 2, treesPerMember: 200, depth: 6 }),
);
const signature = signatureOf(inspectOnnx(bytes));
const model = { name: 'm', bytes, threads: 1, signature };
const OUTPUTS = ['members', 'probability_up'];

const threads: Worker[] = [];
const note = (thread: Worker): void => void threads.push(thread);
const lost: Error[] = [];
const sessions: WorkerSession[] = [];
beforeEach(() => void process.on('worker', note));
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  process.off('worker', note);
  threads.length = 0;
  lost.length = 0;
});

async function open(count = 1): Promise<WorkerSession> {
  const session = await WorkerSession.open(model, count, (error) => void lost.push(error));
  sessions.push(session);
  return session;
}

/** A message that no worker is sent: an uncaught error ends the thread. */
function crash(thread: Worker): void {
  thread.postMessage({ kind: 'run', id: 0, inputs: undefined, outputNames: [] }, []);
}

describe('model on worker threads', () => {
  it('answers as in this thread, bit for bit, and leaves the inputs to the caller', async () => {
    const session = await open();
    const inline = await InlineSession.open(model);
    const inputs = trialInputs(signature, 100);
    (inputs[0]!.data as Float32Array)[7] = Number.NaN;
    const answer = await session.run(inputs, OUTPUTS);
    expect(answer).toEqual(await inline.run(inputs, OUTPUTS));
    expect(answer.map(({ name, shape }) => [name, shape])).toEqual([
      ['members', [100, 4]],
      ['probability_up', [100, 1]],
    ]);
    await inline.close();
  });

  it('lets this thread go on while it runs', async () => {
    const session = await open();
    let isOver = false;
    const run = session.run(trialInputs(signature, 20_000), OUTPUTS).then(() => {
      isOver = true;
    });
    let turns = 0;
    for (; !isOver; turns += 1) await turn();
    await run;
    // A run in this thread ends within two turns.
    expect(turns).toBeGreaterThan(10);
  });

  it('tells errors of tensors as this thread does', async () => {
    const session = await open();
    const data = Float32Array.of(1, 2, 3);
    const wrong: Tensor = { name: 'features', datatype: 'FP32', shape: [1, 4], data };
    await expect(session.run([wrong], OUTPUTS)).rejects.toMatchObject({
      code: 'InferenceRequestInvalid',
      message: expect.stringContaining("input 'features' must hold FP32 of shape [1, 4]"),
    });
    const narrow: Tensor = { name: 'features', datatype: 'FP32', shape: [1, 3], data };
    await expect(session.run([narrow], OUTPUTS)).rejects.toMatchObject({ code: 'ModelFailed' });
  });

  it('fails what is under way when its thread ends, is not ready until there is another, and serves again', async () => {
    const session = await open();
    const inputs = trialInputs(signature, 1);
    const [thread] = threads;
    const underWay = session.run(inputs, OUTPUTS);
    crash(thread!);
    await expect(underWay).rejects.toMatchObject({ code: 'ModelWorkerLost', retryable: true });
    expect(session.isReady).toBe(false);
    await expect(session.run(inputs, OUTPUTS)).rejects.toMatchObject({ code: 'ModelWorkerLost' });
    await eventually(() => session.isReady);
    expect(await session.run(inputs, OUTPUTS)).toHaveLength(2);
    expect(lost).toHaveLength(1);
    expect(threads).toHaveLength(2);
  });

  it('serves on one thread while another is started again', async () => {
    const session = await open(2);
    const inputs = trialInputs(signature, 1);
    crash(threads[0]!);
    await eventually(() => lost.length === 1);
    expect(session.isReady).toBe(true);
    const answers = await Promise.all(Array.from({ length: 8 }, () => session.run(inputs, OUTPUTS)));
    expect(answers).toHaveLength(8);
    await eventually(() => threads.length === 3);
  });

  it('is closed while a thread waits to be started again', async () => {
    const session = await open();
    crash(threads[0]!);
    await eventually(() => lost.length === 1);
    await session.close();
    await expect(session.run(trialInputs(signature, 1), OUTPUTS)).rejects.toMatchObject({
      code: 'ModelFailed',
    });
    expect(session.isReady).toBe(false);
  });

  it('waits longer before each start, and at most half a minute', () => {
    expect([0, 1, 2, 3, 20].map(restartWaitMs)).toEqual([100, 200, 400, 800, 30_000]);
  });
});
