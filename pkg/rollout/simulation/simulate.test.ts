import { describe, expect, it } from 'vitest';

import { specOf } from '../cluster.testing.ts';
import { MetricsTableInvalid } from '../errors.ts';
import { readMetricsTable } from './metrics-table.ts';
import { simulate } from './simulate.ts';

const METRICS = [
  { name: 'errors', builtin: 'ErrorRatio', max: '0.01' },
  { name: 'latency', builtin: 'LatencyP99Milliseconds', max: '10', maxRatioToStable: '1.2' },
];
const STEPS = [
  { shadow: { durationSeconds: 60, minRequests: 1000 } },
  { setWeight: 10 },
  { analysis: { durationSeconds: 300 } },
];

/** A table with a line of each kind every 30 s. */
function tableOf({ errors = 0.001, latency = 8, until = 900, ready = 0 } = {}): string {
  const lines = ['seconds,metric,revision,value,samples'];
  if (ready > 0) lines.push('0,Ready,,0,', `${ready},Ready,,1,`);
  for (let seconds = 0; seconds <= until; seconds += 30) {
    lines.push(`${seconds},Requests,,600,`, `${seconds},errors,update,${errors},600`);
    lines.push(`${seconds},latency,update,${latency},600`, `${seconds},latency,stable,7.5,600`);
  }
  return lines.join('\n');
}

function run(table: string, rollout: object = {}, promotes = false) {
  const spec = specOf('b', { steps: STEPS, analysis: { metrics: METRICS }, ...rollout });
  const names = spec.rollout.analysis.metrics.map(({ name }) => name);
  return simulate({ model: 'm', spec, rows: readMetricsTable(table, names), promotes });
}

describe('a simulated rollout', () => {
  it('goes by its steps where all is well', () => {
    const { outcome, rows, seconds } = run(tableOf());
    expect(outcome).toBe('Promoted');
    const weights = rows.map(({ weight, isShadow }) => (isShadow ? 'shadow' : weight));
    expect(weights.filter((one, i) => one !== weights[i - 1])).toEqual([0, 'shadow', 10, 100]);
    expect(seconds).toBeGreaterThanOrEqual(360);
    expect(seconds).toBeLessThan(400);
  });

  it.each([
    ['errors that are too many', { errors: 0.05 }, 'metric errors: value must be at most 0.01, is 0.05'],
    ['a latency that is too long', { latency: 12 }, 'metric latency: value must be at most 10, is 12'],
    [
      'a latency far from that of stable',
      { latency: 9.5 },
      'metric latency: ratio to stable must be at most 1.2',
    ],
  ])('is given up for %s, and says why', (_name, table, message) => {
    const simulation = run(tableOf(table));
    expect(simulation.outcome).toBe('Aborted');
    expect(simulation.message).toContain(message);
    expect(simulation.rows.at(-1)).toMatchObject({ weight: 0, reason: 'RolloutAborted' });
  });

  it('waits for its pods as the table has them', () => {
    const { outcome, rows } = run(tableOf({ ready: 200 }));
    expect(outcome).toBe('Promoted');
    expect(rows.find(({ isShadow }) => isShadow)?.seconds).toBeGreaterThanOrEqual(200);
  });

  it('does not take a table without data for a success', () => {
    const spec = { steps: [{ setWeight: 10 }, { analysis: { durationSeconds: 60 } }] };
    expect(run('seconds,metric,value', spec)).toMatchObject({ outcome: 'Paused' });
    const abort = { ...spec, analysis: { metrics: METRICS, onInconclusive: 'Abort' } };
    expect(run('seconds,metric,value', abort)).toMatchObject({ outcome: 'Aborted' });
    const fail = { ...spec, analysis: { metrics: [{ ...METRICS[0], onNoData: 'Fail' }] } };
    expect(run('seconds,metric,value', fail)).toMatchObject({ outcome: 'Aborted' });
  });

  it('stops where a person must promote, or goes on if one would', () => {
    const rollout = { steps: [{ setWeight: 10 }, { pause: {} }], analysis: {} };
    expect(run('seconds,metric,value', rollout)).toMatchObject({ outcome: 'Paused' });
    expect(run('seconds,metric,value', rollout, true)).toMatchObject({ outcome: 'Promoted' });
    expect(run('seconds,metric,value', { ...rollout, paused: true })).toMatchObject({ outcome: 'Paused' });
  });

  it('judges counts by evidence: a rate that few samples could give by chance fails nobody', () => {
    const few = ['seconds,metric,value,samples', '5,errors,0.02,50', '5,latency,8,600'].join('\n');
    const rollout = { steps: [{ setWeight: 10 }, { analysis: { durationSeconds: 60 } }] };
    const metrics = [METRICS[0], { name: 'latency', builtin: 'LatencyP99Milliseconds', max: '10' }];
    const { outcome, metrics: statuses } = run(few, { ...rollout, analysis: { metrics } });
    expect(outcome).toBe('Paused');
    expect(statuses.map(({ phase }) => phase)).toEqual(['Inconclusive', 'Successful']);
  });
});

describe('a table of metrics', () => {
  it.each([
    ['', 1, 'must name columns'],
    ['seconds,metric', 1, 'columns must have value, do not'],
    ['seconds,metric,value,price', 1, "was 'price'"],
    ['seconds,metric,value,value', 1, 'one stands twice'],
    ['seconds,metric,value\n0,errors', 2, 'must have 3 cells, has 2'],
    ['seconds,metric,value\n\n0,eror,1', 3, "metric must be one of Ready, Requests, errors, was 'eror'"],
    ['seconds,metric,value\n0,errors,much', 2, "value must be a number, or empty, was 'much'"],
    ['seconds,metric,value\n-1,errors,0', 2, "seconds must be a number of at least 0, was '-1'"],
    ['seconds,metric,value,revision\n0,errors,0,old', 2, "revision must be update or stable, was 'old'"],
    ['seconds,metric,value,samples\n0,errors,0,x', 2, "samples must be a number of at least 0, was 'x'"],
  ])('%j is refused by its line %i', (text, line, message) => {
    const read = () => readMetricsTable(text, ['errors']);
    expect(read).toThrow(MetricsTableInvalid);
    expect(read).toThrow(message);
    expect(read).toThrow(`line ${line}: `);
  });

  it('is read in the order of time, with comments, other line ends and gaps', () => {
    const rows = readMetricsTable('# made up\r\nmetric,seconds,value\r\nerrors,30,\r\nerrors,0,0.5\r\n', [
      'errors',
    ]);
    expect(rows.map(({ seconds, value }) => [seconds, value])).toEqual([
      [0, 0.5],
      [30, Number.NaN],
    ]);
  });
});
