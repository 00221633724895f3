import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../../test/support/eventually.ts';
import { OtlpReceiver } from '../../test/support/otlp-receiver.ts';
import { systemClock } from '../runtime/clock.ts';
import { openOtlp, type OpenTracing, type OtlpOptions } from './open-otlp.ts';

const opened: { readonly close: () => unknown }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ close }) => close()));
});

const outcomes = new Map<string, number>();
const states: (string | undefined)[] = [];

async function receiver(): Promise<OtlpReceiver> {
  const started = await OtlpReceiver.start();
  opened.push({ close: () => started.stop() });
  return started;
}

function tracingTo(endpoint: string, options: Partial<OtlpOptions> = {}): OpenTracing {
  outcomes.clear();
  states.length = 0;
  const tracing = openOtlp({
    ...{ settings: { endpoint, sampleRatio: 1 }, serviceName: 'test', version: '1', maxQueued: 1000 },
    ...{ timeoutMs: 300, clock: systemClock, random: Math.random },
    onOutcome: (outcome, spans) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + spans),
    onState: (error) => states.push(error?.message),
    ...options,
  });
  opened.push({ close: () => tracing.close(0) });
  return tracing;
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('spans by OTLP', () => {
  it('arrive with parents, kinds, times to the microsecond, attributes and failures', async () => {
    const backend = await receiver();
    const { tracer, close } = tracingTo(`${backend.endpoint}/`);
    const root = tracer.begin('root', { kind: 'server', startUs: 1_700_000_000_123_456 })!;
    const child = root.child('child', { attributes: { text: 'é', count: 3, share: 0.5, isSo: true } });
    child.fail('ModelNotServed');
    child.end();
    root.end(1_700_000_000_123_999);
    await close(2000);
    const [second, first] = backend.spans;
    expect(first).toMatchObject({
      ...{ service: 'test', name: 'root', kind: 'server', parentId: '', hasFailed: false },
      ...{ startUs: 1_700_000_000_123_456, endUs: 1_700_000_000_123_999, traceId: root.traceId },
    });
    expect(second).toMatchObject({
      ...{ name: 'child', kind: 'internal', parentId: first!.spanId, traceId: root.traceId, hasFailed: true },
      attributes: { text: 'é', count: 3, share: 0.5, isSo: true, 'error.type': 'ModelNotServed' },
    });
    expect(root.traceparent).toBe(`00-${first!.traceId}-${first!.spanId}-01`);
    expect(outcomes).toEqual(new Map([['exported', 2]]));
  });

  it('go on with the trace of a caller that is recorded, and leave one alone that is not', async () => {
    const backend = await receiver();
    const { tracer, close } = tracingTo(backend.endpoint);
    tracer.resume(`00-${TRACE}-${SPAN}-01`, 'resumed')?.end();
    tracer.accept(`00-${TRACE}-${SPAN}-01`, 'accepted')?.end();
    tracer.accept('what is this', 'begun')?.end();
    expect(tracer.resume(`00-${TRACE}-${SPAN}-00`, 'no')).toBeUndefined();
    expect(tracer.accept(`00-${TRACE}-${SPAN}-00`, 'no')).toBeUndefined();
    expect(tracer.resume('what is this', 'no')).toBeUndefined();
    expect(tracer.resume(undefined, 'no')).toBeUndefined();
    await close(2000);
    expect(backend.spans.map(({ name, parentId, traceId }) => [name, parentId, traceId === TRACE])).toEqual([
      ['resumed', SPAN, true],
      ['accepted', SPAN, true],
      ['begun', '', false],
    ]);
  });

  it('are begun for the share that is sampled', () => {
    const draws = [0.0999, 0.1, 0.5, 0];
    const { tracer } = tracingTo('http://127.0.0.1:1', {
      settings: { endpoint: 'http://127.0.0.1:1', sampleRatio: 0.1 },
      random: () => draws.shift()!,
    });
    const begun = Array.from({ length: 4 }, () => tracer.begin('event') !== undefined);
    expect(begun).toEqual([true, false, false, true]);
  });

  it('that do not get through are counted, told of once, and told of again when they do', async () => {
    const backend = await receiver();
    backend.mood = 400;
    const { tracer } = tracingTo(backend.endpoint);
    for (let i = 1; i <= 2; i += 1) {
      tracer.begin('lost')!.end();
      await eventually(() => outcomes.get('failed') === i, 5000);
    }
    expect(states).toHaveLength(1);
    backend.mood = 'well';
    tracer.begin('found')!.end();
    await eventually(() => outcomes.get('exported') === 1, 5000);
    expect(states).toEqual([expect.any(String), undefined]);
    expect(backend.spans.map(({ name }) => name)).toEqual(['found']);
  });

  it('that wait for a backend which hangs are bounded, and do not hold the end for longer than its deadline', async () => {
    const backend = await receiver();
    backend.mood = 'hanging';
    const { tracer, close } = tracingTo(backend.endpoint, { maxQueued: 10, timeoutMs: 60_000 });
    tracer.begin('first')!.end();
    await eventually(() => backend.requests === 1, 5000);
    for (let i = 0; i < 25; i += 1) tracer.begin('more')!.end();
    expect(outcomes).toEqual(new Map([['dropped', 15]]));
    const startedMs = performance.now();
    await close(100);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(outcomes).toEqual(new Map([['dropped', 25]]));
    tracer.begin('too late')!.end();
    expect(outcomes.get('dropped')).toBe(26);
  });

  it('of one busy second go in several exports, one at a time', async () => {
    const backend = await receiver();
    const { tracer, close } = tracingTo(backend.endpoint);
    for (let i = 0; i < 300; i += 1) tracer.begin(`span ${i}`)!.end();
    await close(5000);
    expect(backend.spans.map(({ name }) => name)).toEqual(Array.from({ length: 300 }, (_, i) => `span ${i}`));
    expect(backend.requests).toBe(3);
  });
});
