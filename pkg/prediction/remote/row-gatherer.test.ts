import { setImmediate as turn } from 'node:timers/promises';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RecordingTracer } from '../../tracing/recording-tracer.testing.ts';
import type { Span } from '../../tracing/tracer.ts';
import type { ModelOutputs } from '../model-runner.ts';
import { PredictorLost, PredictorRefused, PredictorTimeout } from './errors.ts';
import { RowGatherer } from './row-gatherer.ts';

const COLUMNS = 2;
const clock = { monotonicMs: () => 0 };
/** Two members; what comes of a row depends on the row alone. */
const outputsOf = (features: Float32Array, rows: number): ModelOutputs => ({
  probabilityUp: Float32Array.from({ length: rows }, (_, row) => features[row * COLUMNS]! / 1000),
  members: Float32Array.from({ length: rows * 2 }, (_, i) => features[(i >> 1) * COLUMNS]! + (i % 2)),
});
const request = fc.record({ seed: fc.nat(900), rows: fc.integer({ min: 1, max: 40 }) });
const featuresOf = (seed: number, rows: number): Float32Array =>
  Float32Array.from({ length: rows * COLUMNS }, (_, i) => seed + i);

/** A gatherer, and how many rows each request had that it sent. */
function gathering(fail: (features: Float32Array, rows: number) => Error | undefined = () => undefined) {
  const sent: { readonly rows: number; readonly expiresMs: number }[] = [];
  const gatherer = new RowGatherer(async (features, rows, expiresMs) => {
    sent.push({ rows, expiresMs });
    const error = fail(features, rows);
    if (error !== undefined) throw error;
    return outputsOf(features, rows);
  }, clock);
  return { gatherer, sent };
}

describe('rows that are asked for in one turn', () => {
  it('are answered as if each had been sent alone, whatever their number', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 12 }), async (requests) => {
        const { gatherer, sent } = gathering();
        const answers = await Promise.all(
          requests.map(({ seed, rows }) => gatherer.infer(featuresOf(seed, rows), rows, 1000)),
        );
        expect(answers).toEqual(requests.map(({ seed, rows }) => outputsOf(featuresOf(seed, rows), rows)));
        const total = requests.reduce((sum, { rows }) => sum + rows, 0);
        expect(sent.reduce((sum, { rows }) => sum + rows, 0)).toBe(total);
        const largest = Math.max(32, ...requests.map(({ rows }) => rows));
        for (const { rows } of sent) expect(rows).toBeLessThanOrEqual(largest);
        expect(sent.filter(({ rows }) => rows > 32).length).toBe(
          requests.filter(({ rows }) => rows > 32).length,
        );
      }),
    );
  });

  it('take the recorded work with them that they are part of, and nothing where there is none', async () => {
    const sent: (readonly string[] | undefined)[] = [];
    const gatherer = new RowGatherer(async (features, rows, _expiresMs, spans) => {
      sent.push(spans?.map(({ traceId }) => traceId));
      return outputsOf(features, rows);
    }, clock);
    const tracer = new RecordingTracer();
    const [first, second] = [tracer.begin('first'), tracer.begin('second')];
    const ask = (span?: Span): Promise<ModelOutputs> => gatherer.infer(featuresOf(1, 1), 1, 1000, span);
    await Promise.all([ask(), ask(first), ask(), ask(second)]);
    await ask(second);
    await Promise.all([ask(), ask()]);
    expect(sent).toEqual([[first.traceId, second.traceId], [second.traceId], undefined]);
  });

  it('go in one request, and those of the next turn in another', async () => {
    const { gatherer, sent } = gathering();
    const ask = (): Promise<ModelOutputs> => gatherer.infer(featuresOf(1, 1), 1, 1000);
    const first = [ask(), ask(), ask()];
    await turn();
    await Promise.all([...first, ask()]);
    expect(sent.map(({ rows }) => rows)).toEqual([3, 1]);
  });

  it('end with the first of them, and only with what is in as much haste', async () => {
    const { gatherer, sent } = gathering();
    const times = [1000, 20, 900, 30, Infinity];
    await Promise.all(times.map((expiresMs) => gatherer.infer(featuresOf(1, 1), 1, expiresMs)));
    expect(sent.toSorted((a, b) => a.expiresMs - b.expiresMs)).toEqual([
      { rows: 2, expiresMs: 20 },
      { rows: 2, expiresMs: 900 },
      { rows: 1, expiresMs: Infinity },
    ]);
  });

  it('are sent again one by one where the predictor refuses them, so that only the bad one fails', async () => {
    const refused = new PredictorRefused('p:1', { code: 'ModelFailed', kind: 'internal', message: 'no' });
    const { gatherer } = gathering((features) => (features.includes(666) ? refused : undefined));
    const answers = await Promise.allSettled(
      [1, 666, 3].map((seed) => gatherer.infer(featuresOf(seed, 1), 1, 1000)),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('lose no time to the one that waits least', async () => {
    const { gatherer, sent } = gathering((_, rows) => (rows === 2 ? new PredictorTimeout('p:1') : undefined));
    const answers = await Promise.allSettled(
      [16, 31].map((expiresMs) => gatherer.infer(featuresOf(1, 1), 1, expiresMs)),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(sent.map(({ expiresMs }) => expiresMs)).toEqual([16, 16, 31]);
  });

  it('fail together, and are not sent again, where the predictor is lost', async () => {
    const { gatherer, sent } = gathering(() => new PredictorLost('p:1'));
    const answers = await Promise.allSettled([1, 2].map((seed) => gatherer.infer(featuresOf(seed, 1), 1, 9)));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(sent).toHaveLength(1);
  });
});
