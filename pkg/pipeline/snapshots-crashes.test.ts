/** Snapshots of writers that die anywhere, and of writers that were replaced and do not know it, with compaction at any moment. */
import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { NewRecord, RecordPlace } from '../eventlog/event-log.ts';
import { MemoryEventLog } from '../eventlog/memory.ts';
import { Snapshots } from './snapshots.ts';

const TOPIC = 'state';
const KEY = 'features/0';
const CHUNK_BYTES = 400;

interface State {
  readonly number: number;
  /** Does not compress, so that the state has several parts. */
  readonly noise: Uint8Array;
}

/** What happens next: one append of the writer in charge or of the one that it replaced, a death, or a handing over. */
const moves = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant('owner steps' as const) },
    { weight: 2, arbitrary: fc.constant('replaced one steps' as const) },
    { weight: 1, arbitrary: fc.constant('owner dies' as const) },
    { weight: 1, arbitrary: fc.constant('owner is replaced and goes on' as const) },
  ),
  { minLength: 10, maxLength: 120 },
);
const onlyDeaths = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant('owner steps' as const) },
    { weight: 1, arbitrary: fc.constant('owner dies' as const) },
  ),
  { minLength: 10, maxLength: 120 },
);
const partCounts = fc.infiniteStream(fc.integer({ min: 1, max: 4 }));
const compactFrom = fc.integer({ min: 1, max: 12 });

/** A writer that saves one state after the other and stands still before each append until it is told to go on. */
class Writer {
  readonly #snapshots: Snapshots<State>;
  readonly #nextState: () => State;
  #go: (() => void) | undefined;
  #saving: State | undefined;
  /** Newest state whose save has ended. */
  saved: State | undefined;

  constructor(log: MemoryEventLog, nextState: () => State) {
    const append = async (topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]> => {
      await new Promise<void>((resolve) => (this.#go = resolve));
      return log.append(topic, records);
    };
    const stepped = new Proxy(log, {
      get: (target, name) => {
        const value: unknown = name === 'append' ? append : Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    this.#snapshots = new Snapshots(stepped, TOPIC, CHUNK_BYTES);
    this.#nextState = nextState;
  }

  get isSaving(): boolean {
    return this.#saving !== undefined;
  }

  load(): Promise<State | undefined> {
    return this.#snapshots.load(KEY);
  }

  /** Lets one append take effect. @returns What is whole because of it. */
  async step(): Promise<State | undefined> {
    if (this.#saving === undefined) {
      this.#saving = this.#nextState();
      void this.#snapshots.save(KEY, this.#saving).then(() => {
        this.saved = this.#saving;
        this.#saving = undefined;
      });
      await settled();
    }
    const before = this.saved;
    this.#go?.();
    await settled();
    return this.saved === before ? undefined : this.saved;
  }
}

/** Between two appends a save waits for nothing but microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function newLog(compactFromRecords: number): Promise<MemoryEventLog> {
  const log = new MemoryEventLog({ compactFromRecords });
  await log.ensureTopics([{ name: TOPIC, partitions: 3, retentionRecords: 1000, cleanup: 'compact' }]);
  return log;
}

const loadFresh = (log: MemoryEventLog): Promise<State | undefined> =>
  new Snapshots<State>(log, TOPIC, CHUNK_BYTES).load(KEY);

function statesWith(counts: { next(): IteratorResult<number> }): () => State {
  let number = 0;
  return () => {
    number += 1;
    const parts = Number(counts.next().value);
    return { number, noise: randomBytes((parts - 1) * CHUNK_BYTES + 50) };
  };
}

describe('snapshots of writers that die', () => {
  it('are always the newest whole one, wherever each died and whenever the topic was compacted', async () => {
    await fc.assert(
      fc.asyncProperty(onlyDeaths, partCounts, compactFrom, async (steps, counts, from) => {
        const log = await newLog(from);
        const nextState = statesWith(counts);
        let owner = new Writer(log, nextState);
        let newest: State | undefined;
        for (const step of steps) {
          if (step === 'owner steps') newest = (await owner.step()) ?? newest;
          else owner = new Writer(log, nextState);
          if (step === 'owner dies') expect(await owner.load()).toEqual(newest);
          expect(await loadFresh(log)).toEqual(newest);
        }
        await log.close();
      }),
    );
  });
});

describe('snapshots of writers of which one was replaced and goes on', () => {
  it('are whole, and not older than the last but one of those in charge', async () => {
    await fc.assert(
      fc.asyncProperty(moves, partCounts, compactFrom, async (steps, counts, from) => {
        const log = await newLog(from);
        const made: State[] = [];
        const nextState = statesWith(counts);
        const make = (): State => {
          const state = nextState();
          made.push(state);
          return state;
        };
        let owner = new Writer(log, make);
        let replaced: Writer | undefined;
        /** Whole ones of those in charge, oldest first; and how many of them since somebody was replaced. */
        const whole: State[] = [];
        let sinceReplaced = 0;
        for (const step of steps) {
          if (step === 'owner steps') {
            const state = await owner.step();
            if (state !== undefined) whole.push(state);
            if (state !== undefined) sinceReplaced += 1;
          } else if (step === 'replaced one steps') {
            // It learns that it was replaced with its next batch: what it has in hand it finishes.
            if (replaced?.isSaving === true) await replaced.step();
          } else {
            // One at a time.
            if (step === 'owner is replaced and goes on' && sinceReplaced >= 3) {
              replaced = owner;
              sinceReplaced = 0;
            }
            owner = new Writer(log, make);
            await owner.load();
          }
          const found = await loadFresh(log);
          if (found !== undefined) expect(found).toEqual(made[found.number - 1]);
          if (whole.length > 1) expect(found?.number).toBeGreaterThanOrEqual(whole.at(-2)!.number);
        }
        await log.close();
      }),
      { numRuns: 300 },
    );
  });
});
