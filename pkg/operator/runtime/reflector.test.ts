import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createLogger } from '../../runtime/logger.ts';
import type { WatchEvent } from './kube-client.ts';
import { keyOf } from './objects.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { ManualScheduler } from './scheduler.testing.ts';
import { type ApiFault, SimulatedApi, type Thing, THINGS } from './simulated-api.testing.ts';

const logger = createLogger({ level: 'silent' });

/** Lets everything run that needs no time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(options: Partial<ReflectorOptions<Thing>> = {}) {
  const api = new SimulatedApi();
  const scheduler = new ManualScheduler();
  const client = api as ReflectorOptions<Thing>['client'];
  const reflector = new Reflector<Thing>({ client, kind: THINGS, scheduler, logger, ...options });
  const stopping = new AbortController();
  const run = (): Promise<void> => reflector.run(stopping.signal);
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i += 1) {
      scheduler.advance(1000);
      await settle();
    }
  };
  return { api, scheduler, reflector, stopping, run, pass };
}

/** What a handler has been told, as a state; it throws where what it is told does not fit what it was told before. */
function toldState(reflector: Reflector<Thing>): Map<string, Thing> {
  const told = new Map<string, Thing>();
  const newest = new Map<string, number>();
  const isNew = ({ metadata }: Thing): boolean => {
    const version = Number(metadata.resourceVersion);
    const isLater = version > (newest.get(keyOf(metadata)) ?? 0);
    newest.set(keyOf(metadata), version);
    return isLater;
  };
  reflector.handle({
    added: (object) => {
      if (told.has(keyOf(object.metadata))) throw new Error('added twice');
      if (!isNew(object)) throw new Error('came back from the past');
      told.set(keyOf(object.metadata), object);
    },
    updated: (before, after) => {
      expect(told.get(keyOf(after.metadata))).toEqual(before);
      if (!isNew(after)) throw new Error('went back in time');
      told.set(keyOf(after.metadata), after);
    },
    deleted: (object) => {
      if (!told.delete(keyOf(object.metadata))) throw new Error('deleted what was not there');
      isNew(object);
    },
  });
  return told;
}

const change = fc.oneof(
  fc.record({ do: fc.constant('put' as const), name: fc.constantFrom('x', 'y', 'z'), value: fc.nat(9) }),
  fc.record({ do: fc.constant('remove' as const), name: fc.constantFrom('x', 'y', 'z') }),
  fc.record({ do: fc.constant('compact' as const) }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ do: fc.constant('settle' as const) }),
);

describe('reflector', () => {
  it('knows the truth in the end, and tells a story without gaps, whatever went wrong', async () => {
    const fault = fc.constantFrom<ApiFault>('none', 'refused', 'stale', 'short', 'silent');
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 40 }),
        fc.array(fault, { maxLength: 12 }),
        async (changes, faults) => {
          let failures = 0;
          const observer = { handlerFailed: () => (failures += 1) };
          const { api, reflector, stopping, run, pass } = setUp({ stallSeconds: 20, observer });
          let at = 0;
          let oldLists = 0;
          api.fault = (verb) => {
            const next = faults[at++] ?? 'none';
            // More of them in a row are a restored backup.
            const isTooMuch = verb === 'list' && next === 'stale' && (oldLists += 1) > 5;
            return isTooMuch ? 'none' : next;
          };
          const told = toldState(reflector);
          const running = run();
          for (const one of changes) {
            if (one.do === 'put') api.put(one.name, one.value);
            else if (one.do === 'remove') api.remove(one.name);
            else if (one.do === 'compact') api.compact();
            else if (one.do === 'wait') await pass(one.seconds);
            else await settle();
          }
          api.fault = () => 'none';
          // The longest backoff, or two silent watches.
          await pass(60);
          api.put('last', 1);
          await pass(1);
          expect(new Map(reflector.store.list().map((one) => [keyOf(one.metadata), one]))).toEqual(
            api.objects,
          );
          expect(told).toEqual(api.objects);
          expect(failures).toBe(0);
          stopping.abort();
          await running;
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is not taken back in time by a slow replica, but follows a restored backup', async () => {
    const { api, reflector, stopping, run, pass } = setUp();
    for (const value of [1, 2, 3, 4, 5]) api.put('x', value);
    const running = run();
    await settle();
    const seen: number[] = [];
    reflector.handle({ updated: (_, { value }) => seen.push(value) });
    let [lists, watches] = [0, 0];
    // The watch is gone for good; the first three lists are old.
    api.fault = (verb) => {
      if (verb === 'watch') return (watches += 1) === 1 ? 'refused' : 'none';
      return (lists += 1) <= 3 ? 'stale' : 'none';
    };
    api.compact();
    api.put('x', 6);
    api.compact();
    await pass(120);
    expect(seen).toEqual([6]);

    api.fault = (verb) => (verb === 'list' ? 'stale' : 'silent');
    await pass(600);
    expect(reflector.store.get({ namespace: 'a', name: 'x' })?.value).toBeLessThan(6);
    stopping.abort();
    await running;
  });

  it('tells every other handler when one throws, and one that comes late of all that is there', async () => {
    const { api, reflector, stopping, run } = setUp();
    api.put('x', 1);
    reflector.handle({
      added: () => {
        throw new Error('no');
      },
    });
    const told = toldState(reflector);
    const running = run();
    await settle();
    api.put('y', 2);
    await settle();
    expect(told).toEqual(api.objects);
    expect(toldState(reflector)).toEqual(api.objects);
    stopping.abort();
    await running;
  });

  it('is blind until it has listed, and again when the server is silent', async () => {
    const { api, reflector, stopping, run, pass } = setUp({ stallSeconds: 20, blindSeconds: 45 });
    expect([reflector.isBlind, reflector.silentSeconds]).toEqual([true, Number.POSITIVE_INFINITY]);
    const running = run();
    await settle();
    expect(reflector.isBlind).toBe(false);
    api.fault = () => 'refused';
    await pass(70);
    expect(reflector.isBlind).toBe(true);
    api.fault = () => 'none';
    await pass(40);
    expect(reflector.isBlind).toBe(false);
    stopping.abort();
    await running;
  });

  it('does not hammer a server that ends every watch at once', async () => {
    const { api, stopping, run, pass } = setUp();
    let watches = 0;
    const ended: WatchEvent<Thing>[] = [];
    api.watch = async function* watch() {
      watches += 1;
      yield* ended;
    };
    const running = run();
    await pass(300);
    expect(watches).toBeLessThan(25);
    stopping.abort();
    await running;
  });

  it('delivers everything again as a resync', async () => {
    const { api, reflector, stopping, run, pass } = setUp({ resyncSeconds: 60 });
    api.put('x', 1);
    const running = run();
    await settle();
    let updates = 0;
    reflector.handle({ updated: (before, after) => (updates += before === after ? 1 : 100) });
    await pass(80);
    expect(updates).toBe(1);
    stopping.abort();
    await running;
  });
});
