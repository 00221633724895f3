import { describe, expect, it } from 'vitest';

import { RevisionCounter } from '../prediction/traffic/counters.ts';
import { readCounters, readReport } from './gateway-report.ts';

const counter = new RevisionCounter();
counter.answered(0.7, 3);
counter.failed('ModelOutputInvalid');
counter.matured(0.2, true);
const counters = counter.read();
const REPORT = {
  ...{ gateway: 'g', startedUs: 1, isBlind: false },
  models: [
    { model: 'm', trafficGeneration: 2, revisions: [{ revision: 'm-1', usablePredictors: 1, counters }] },
  ],
};
/** As it comes over the wire. */
const told = (change: (report: typeof REPORT) => unknown): unknown =>
  JSON.parse(JSON.stringify(change(structuredClone(REPORT))));

describe('what a gateway tells', () => {
  it('is read as it was counted', () => {
    const report = readReport(told((same) => same))!;
    expect(report.models[0]).toMatchObject({ model: 'm', trafficGeneration: 2 });
    const { errorCodes: _, fallbacks: __, dropped: ___, latencySumMs: ____, ...read } = counters;
    expect(readCounters(report.models[0]!.revisions[0]!.counters)).toEqual(read);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['another thing', { models: 'none' }],
    ['a gateway without a name', told((report) => ({ ...report, gateway: '' }))],
  ])('is no report where it is %s', (_, answer) => {
    expect(readReport(answer)).toBeUndefined();
  });

  it('says nothing of a model that cannot be read, and all of the others', () => {
    const problems: string[] = [];
    const report = readReport(
      told(({ models, ...rest }) => ({
        ...rest,
        models: [{ ...models[0], trafficGeneration: null }, ...models],
      })),
      (problem) => problems.push(problem),
    );
    expect(problems).toEqual(['models.0.trafficGeneration: Invalid input: expected number, received null']);
    expect(report?.models.map(({ trafficGeneration }) => trafficGeneration)).toEqual([2]);
  });

  it('may lack counters that its release does not have, and must have the form of those that it has', () => {
    const { outcomes: _, features: __, ...fewer } = counters;
    expect(readCounters(fewer)).toMatchObject({ requests: 2, errors: 1, outcomes: { matured: 0 } });
    expect(readCounters({ ...counters, requests: -1 })).toBeUndefined();
    expect(readCounters({ ...counters, latency: { bounds: [1, 2], counts: [1] } })).toBeUndefined();
    expect(readCounters(undefined)).toBeUndefined();
  });
});
