/**
 * The online store, embedded and on a Redis of its own on this machine: vectors written per second, one to a call with 64
 * calls under way and a hundred to a call; time of reading one symbol with 32 calls under way, and 100 and 1,000 at once.
 *
 * Flags: --json; --repeats N (5; the first round is warm-up and not counted); --seconds N of each case (1).
 */

import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import type { OnlineFeatures, OnlineStore } from '../../pkg/onlinestore/online-store.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { redisMissing, startRedis } from '../servers/redis.ts';
import { openTestStore } from '../support/redis-store.ts';
import { benchFlags } from './flags.ts';
import { type LoadResult, loadFigures, summarise } from './load.ts';
import { type Figure, report } from './report.ts';

const FEATURES = 40;
const SYMBOLS = Array.from({ length: 1000 }, (_, i) => `SYMBOL${i}`);
const SET = 'core-v1';
const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
  },
});
const repeats = Number(flags.repeats);
const caseMs = Number(flags.seconds) * 1000;

/** Keeps so many calls under way for the time of a case. */
async function load(underWay: number, call: () => Promise<unknown>): Promise<LoadResult> {
  const durationsMs: number[] = [];
  const started = performance.now();
  const worker = async (): Promise<void> => {
    while (performance.now() - started < caseMs) {
      const begun = performance.now();
      await call();
      durationsMs.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: underWay }, worker));
  return summarise(durationsMs, performance.now() - started, 0);
}

let offset = 0;
const vectorOf = (symbol: string): OnlineFeatures => {
  offset += 1;
  const values = new Float64Array(FEATURES).fill(offset);
  return { symbol, featureSet: SET, offset, timeUs: offset, knownTimeUs: offset, values };
};
let turn = 0;
const someSymbol = (): string => SYMBOLS[(turn += 1) % SYMBOLS.length]!;

interface Case {
  readonly name: string;
  readonly underWay: number;
  readonly call: (store: OnlineStore) => Promise<unknown>;
  /** Vectors of one call, where they count rather than how long it takes. */
  readonly vectors?: number;
}

const HUNDRED = SYMBOLS.slice(0, 100);
const CASES: readonly Case[] = [
  {
    ...{ name: 'write 1 vector, 64 under way', underWay: 64, vectors: 1 },
    call: (store) => store.putFeatures([vectorOf(someSymbol())]),
  },
  {
    ...{ name: 'write 100 vectors, 4 under way', underWay: 4, vectors: HUNDRED.length },
    call: (store) => store.putFeatures(HUNDRED.map(vectorOf)),
  },
  {
    ...{ name: 'read 1 symbol, 32 under way', underWay: 32 },
    call: (store) => store.getFeatures(SET, [someSymbol()]),
  },
  { name: 'read 100 symbols', underWay: 1, call: (store) => store.getFeatures(SET, HUNDRED) },
  { name: 'read 1,000 symbols', underWay: 1, call: (store) => store.getFeatures(SET, SYMBOLS) },
];

async function measure(storeName: string, store: OnlineStore): Promise<readonly Figure[]> {
  const results = CASES.map((): LoadResult[] => []);
  await store.putFeatures(SYMBOLS.map(vectorOf));
  for (let round = -1; round < repeats; round += 1) {
    for (const [at, { underWay, call }] of CASES.entries()) {
      const result = await load(underWay, () => call(store));
      if (round >= 0) results[at]!.push(result);
    }
  }
  return CASES.flatMap(({ name, vectors }, at) => {
    const full = `${storeName}: ${name}`;
    if (vectors === undefined) return loadFigures(full, results[at]!);
    const values = results[at]!.map(({ callsPerSecond }) => vectors * callsPerSecond);
    return [{ name: full, unit: 'vectors/s', values }];
  });
}

const memory = new MemoryOnlineStore({ clock: systemClock });
const figures = [...(await measure('memory', memory))];
await memory.close();
const missing = redisMissing();
if (missing === undefined) {
  const server = await startRedis();
  try {
    const store = await openTestStore({ addresses: [server.address] });
    figures.push(...(await measure('redis', store)));
    await store.close();
  } finally {
    await server.stop();
  }
}
report('onlinestore', figures, {
  json: flags.json,
  facts: { features: FEATURES, symbols: SYMBOLS.length, ...(missing === undefined ? {} : { missing }) },
});
