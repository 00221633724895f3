import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { encodeEnsemble } from '../ml/onnx/encode.ts';
import { inspectOnnx } from '../ml/onnx/inspect.ts';
import { randomEnsemble } from '../ml/onnx/ensemble.testing.ts';
import { systemClock } from '../runtime/clock.ts';
import { openSession, type PlacedSession } from './open-session.ts';
import type { PlacementSettings } from './placement.ts';
import { signatureOf } from './signatures.ts';

const opened: PlacedSession[] = [];
afterEach(async () => {
  for (const { session } of opened.splice(0)) await session.close();
});

async function open(placement: PlacementSettings, bytes?: Uint8Array): Promise<PlacedSession> {
  const model = encodeEnsemble(
    randomEnsemble({ seed: 1, features: 3, treeMembers: 1, treesPerMember: 5, depth: 3 }),
  );
  const placed = await openSession({
    ...{ name: 'm', bytes: bytes ?? model, threads: 1, signature: signatureOf(inspectOnnx(model)) },
    ...{ placement, batchRows: 32, clock: systemClock, onWorkerLost: () => undefined },
  });
  opened.push(placed);
  return placed;
}

describe('opening a model', () => {
  it('puts it where its settings say, unmeasured', async () => {
    expect(await open({ mode: 'inline' })).toMatchObject({ placement: 'inline', times: undefined });
    expect(await open({ mode: 'worker', workers: 2 })).toMatchObject({
      placement: 'worker',
      times: undefined,
      session: { parallelRuns: 2 },
    });
  });

  it('puts it where its run time says', async () => {
    expect(await open({ maxInlineMs: 1000 })).toMatchObject({ placement: 'inline' });
    const long = await open({ maxInlineMs: 0 });
    expect(long.placement).toBe('worker');
    expect(long.times!.oneRowMs).toBeGreaterThan(0);
  });

  it('measures what a run holds the thread for, not what else a busy server does', async () => {
    let isOver = false;
    const busy = (async () => {
      while (!isOver) {
        const until = performance.now() + 20;
        while (performance.now() < until);
        await turn();
      }
    })();
    const { times } = await open({ maxInlineMs: 1000 });
    isOver = true;
    await busy;
    // Every turn of the loop took 20 ms; a run of five trees takes microseconds.
    expect(times!.oneRowMs).toBeLessThan(10);
  });

  it.each(['inline', 'worker', 'auto'] as const)(
    'says what ONNX Runtime says of a broken graph, %s',
    async (mode) => {
      await expect(open({ mode }, Buffer.from('no graph'))).rejects.toMatchObject({
        code: 'ModelFailed',
        message: expect.stringMatching(/^model 'm' must load, but ONNX Runtime says: .+/),
      });
    },
  );
});
