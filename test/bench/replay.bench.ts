/**
 * Replay of a recording as fast as possible: parse alone, with validation and order book, with validation, order book and
 * features. Target on the USD-M capture, two cores: 200,000 events/s through all of it.
 *
 * Flags: --json; --file F (the USD-M capture of the recordings); --repeats N (5); --set (core-v1,micro-v1).
 */
import { basename } from 'node:path';
import { parseBarClock } from '../../pkg/features/bar-clock.ts';
import { createFeatureEngine } from '../../pkg/features/engine.ts';
import type { FeatureSetName } from '../../pkg/features/feature-vector.ts';
import type { MarketEvent } from '../../pkg/marketdata/events.ts';
import { OrderBook } from '../../pkg/marketdata/order-book.ts';
import { openReplay } from '../../pkg/marketdata/sources/replay/open.ts';
import { Validator } from '../../pkg/marketdata/validate.ts';
import { recording } from '../support/recordings.ts';
import { benchFlags } from './flags.ts';
import { report } from './report.ts';

const TARGET_EVENTS_PER_SECOND = 200_000;
const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    file: { type: 'string', default: recording('binance_l2/usdm_btcusdt_20240808.gz') },
    repeats: { type: 'string', default: '5' },
    set: { type: 'string', default: 'core-v1,micro-v1' },
  },
});

/** What is done with each event after parsing, made anew for each run. */
type Stage = () => (event: MarketEvent, position: number) => void;

const validateAndBook: Stage = () => {
  const validator = new Validator();
  const books = new Map<string, OrderBook>();
  return (event) => {
    if (!validator.check(event).isAccepted) return;
    if (event.kind !== 'bookDelta' && event.kind !== 'bookSnapshot') return;
    let book = books.get(event.symbol);
    if (book === undefined) {
      book = new OrderBook();
      books.set(event.symbol, book);
    }
    if (event.kind === 'bookDelta') book.applyDelta(event);
    else book.applySnapshot(event);
  };
};

const validateAndFeatures: Stage = () => {
  const validator = new Validator();
  const sets = flags.set.split(',') as readonly FeatureSetName[];
  const engine = createFeatureEngine({ sets, bar: parseBarClock('time:1000') });
  return (event, position) => {
    if (validator.check(event).isAccepted) engine.step(event, position);
  };
};

const WHOLE = 'parse + validate + book + features';
const STAGES: Readonly<Record<string, Stage>> = {
  parse: () => () => undefined,
  'parse + validate + book': validateAndBook,
  [WHOLE]: validateAndFeatures,
};

async function eventsPerSecond(stage: Stage): Promise<{ readonly events: number; readonly rate: number }> {
  const take = stage();
  const started = performance.now();
  let events = 0;
  const source = await openReplay({ path: flags.file });
  for await (const items of source.read({})) {
    for (const item of items) {
      if (!('event' in item)) continue;
      events += 1;
      take(item.event, item.position);
    }
  }
  return { events, rate: events / ((performance.now() - started) / 1000) };
}

const rates = new Map<string, number[]>(Object.keys(STAGES).map((name) => [name, []]));
let events = 0;
// The first round warms up; the rounds interleave the stages, so that a busy machine slows all of them.
for (let round = 0; round <= Number(flags.repeats); round += 1) {
  for (const [name, stage] of Object.entries(STAGES)) {
    const run = await eventsPerSecond(stage);
    events = run.events;
    if (round > 0) rates.get(name)!.push(run.rate);
  }
}
report(
  'replay',
  [...rates].map(([name, values]) => ({
    ...{ name, unit: 'events/s', values },
    ...(name === WHOLE ? { target: { atLeast: TARGET_EVENTS_PER_SECOND } } : {}),
  })),
  { json: flags.json, facts: { file: basename(flags.file), events } },
);
