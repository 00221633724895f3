import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from 'vitest';

import { HAS_RECORDINGS, recording } from '../../test/support/recordings.ts';
import type { Quote } from '../marketdata/events.ts';
import { openReplay } from '../marketdata/sources/replay/open.ts';
import { createFeatureEngine } from './engine.ts';

interface Reference {
  readonly events: number;
  readonly mean_L1_imbalance: number;
  readonly mean_abs_micro_minus_mid: number;
  readonly mean_spread: number;
  readonly ofi_sum_all: number;
}

/** Order flow imbalance of one change of the best quote. Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1), eq. 4. */
function ofiOf(before: Quote, now: Quote): number {
  return (
    (now.bidPrice >= before.bidPrice ? now.bidSize : 0) -
    (now.bidPrice <= before.bidPrice ? before.bidSize : 0) -
    (now.askPrice <= before.askPrice ? now.askSize : 0) +
    (now.askPrice >= before.askPrice ? before.askSize : 0)
  );
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const imbalanceOf = ({ bidSize, askSize }: Quote): number => (bidSize - askSize) / (bidSize + askSize);
const midOf = ({ bidPrice, askPrice }: Quote): number => (bidPrice + askPrice) / 2;
const microOf = ({ bidPrice, bidSize, askPrice, askSize }: Quote): number =>
  (bidPrice * askSize + askPrice * bidSize) / (bidSize + askSize);

describe.skipIf(!HAS_RECORDINGS)('micro-v1 on a capture of BTCUSDT', () => {
  const quotes: Quote[] = [];
  let reference: Reference;
  beforeAll(async () => {
    reference = (
      JSON.parse(readFileSync(recording('anchors/microstructure_reference.json'), 'utf8')) as {
        readonly binance_usdm_btcusdt: Reference;
      }
    ).binance_usdm_btcusdt;
    const source = await openReplay({ path: recording('binance_l2/usdm_btcusdt_20240808.gz') });
    for await (const items of source.read({})) {
      for (const item of items) if ('event' in item && item.event.kind === 'quote') quotes.push(item.event);
    }
  });

  it('has the quotes that the reference was computed on', () => {
    expect(quotes).toHaveLength(reference.events);
    expect(mean(quotes.map(imbalanceOf))).toBeCloseTo(reference.mean_L1_imbalance, 12);
    expect(mean(quotes.map((quote) => Math.abs(microOf(quote) - midOf(quote))))).toBeCloseTo(
      reference.mean_abs_micro_minus_mid,
      9,
    );
    expect(mean(quotes.map(({ bidPrice, askPrice }) => askPrice - bidPrice))).toBeCloseTo(
      reference.mean_spread,
      9,
    );
    const flow = quotes.slice(1).reduce((total, quote, i) => total + ofiOf(quotes[i]!, quote), 0);
    expect(flow).toBeCloseTo(reference.ofi_sum_all, 6);
  });

  it('gives at each bar the flow, imbalance and micro-price of the quotes in it', () => {
    const engine = createFeatureEngine({ sets: ['micro-v1'], bar: { by: 'time', intervalMs: 1000 } });
    const vectors = quotes.flatMap((quote, i) => engine.step(quote, i).vectors);
    vectors.push(...engine.flush().vectors);
    expect(vectors.length).toBeGreaterThan(300);
    const index = (name: string): number => engine.names.indexOf(name);
    let from = 0;
    for (const { timeUs, values } of vectors) {
      let to = from;
      while (to < quotes.length && quotes[to]!.eventTimeUs < timeUs) to += 1;
      let flow = 0;
      for (let i = Math.max(1, from); i < to; i += 1) flow += ofiOf(quotes[i - 1]!, quotes[i]!);
      const last = quotes[to - 1]!;
      expect(values[index('ofi')]).toBeCloseTo(flow, 9);
      expect(values[index('l1_imbalance')]).toBeCloseTo(imbalanceOf(last), 12);
      const offset = (1e4 * (microOf(last) - midOf(last))) / midOf(last);
      expect(values[index('weighted_mid_offset_bps')]).toBeCloseTo(offset, 9);
      from = to;
    }
  });
});
