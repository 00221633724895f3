import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { answerConcurrently } from './answer-concurrently.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Requests 0 to `count` - 1, with how many were read. */
function requestsTo(count: number) {
  const state = { read: 0, isLeft: false };
  const requests = (async function* () {
    try {
      for (; state.read < count; ) {
        state.read += 1;
        yield state.read - 1;
      }
    } finally {
      state.isLeft = true;
    }
  })();
  return { state, requests };
}

describe('requests that are answered at once', () => {
  it('are each answered, whatever order the answers are ready in, and never more at once than may be', async () => {
    const delays = fc.array(fc.nat({ max: 5 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 1, max: 8 }), async (turns, max) => {
        let open = 0;
        let most = 0;
        const answer = async (request: number): Promise<number> => {
          most = Math.max(most, ++open);
          for (let i = 0; i < turns[request]!; i += 1) await turn();
          open -= 1;
          return request;
        };
        const answers: number[] = [];
        for await (const each of answerConcurrently(requestsTo(turns.length).requests, answer, max))
          answers.push(each);
        expect(answers.toSorted((a, b) => a - b)).toEqual(turns.map((_, i) => i));
        expect(most).toBeLessThanOrEqual(max);
      }),
      { numRuns: 50 },
    );
  });

  it('are not read on while nobody takes the answers', async () => {
    const { state, requests } = requestsTo(1000);
    const answers = answerConcurrently(requests, async (request) => request, 4);
    await answers.next();
    for (let i = 0; i < 50; i += 1) await turn();
    expect(state.read).toBeLessThanOrEqual(5);
    for (let i = 0; i < 10; i += 1) await answers.next();
    expect(state.read).toBeGreaterThanOrEqual(11);
    expect(state.read).toBeLessThanOrEqual(15);
    await answers.return(undefined);
  });

  it('are not read on once the taker has left', async () => {
    const { state, requests } = requestsTo(1000);
    for await (const answer of answerConcurrently(requests, async (request) => request, 4))
      if (answer === 2) break;
    for (let i = 0; i < 10; i += 1) await turn();
    expect(state.isLeft).toBe(true);
    expect(state.read).toBeLessThan(10);
  });

  it('are answered before it is told that reading has failed', async () => {
    const failing = (async function* () {
      yield 1;
      yield 2;
      await turn();
      throw new RangeError('cut off');
    })();
    const answered: number[] = [];
    const answer = async (request: number): Promise<number> => {
      for (let i = 0; i < 5; i += 1) await turn();
      return request;
    };
    const reading = (async () => {
      for await (const each of answerConcurrently(failing, answer, 8)) answered.push(each);
    })();
    await expect(reading).rejects.toThrow(RangeError);
    expect(answered).toEqual([1, 2]);
  });
});
