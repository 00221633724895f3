import type { RunSummary } from '../../../pkg/pipeline/statistics.ts';

/** What `tradewind up` prints when it ends. */
export interface UpSummary extends RunSummary {
  readonly source: string;
  readonly stream: string;
  readonly resumedFromPosition: number | null;
  readonly position: number;
  readonly isFinished: boolean;
  /** Market seconds per second. At `max` a stage takes what the one before gives, so latencies hold the wait in the queue. */
  readonly speed: number | 'max';
  readonly elapsedSeconds: number;
  readonly model: { readonly name: string; readonly version: string; readonly digest: string } | null;
}

const count = (value: number): string => value.toLocaleString('en-US');

function listed(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  return entries.length === 0 ? 'none' : entries.map(([name, n]) => `${name} ${count(n)}`).join(', ');
}

const milliseconds = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(2)} ms` : '-');

/** The summary as a table of two columns. */
export function formatSummary(summary: UpSummary): string {
  const { latency, model, speed } = summary;
  const queued = speed === 'max' ? ' (waiting behind the events before it, at full speed)' : '';
  const stage = ({ p50Ms, p99Ms }: { readonly p50Ms: number; readonly p99Ms: number }) =>
    `p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}${queued}`;
  const rows: readonly (readonly [string, string])[] = [
    [
      'source',
      `${summary.source} (${summary.isFinished ? 'ended' : 'stopped'} after ${summary.elapsedSeconds.toFixed(1)} s)`,
    ],
    ['events', listed(summary.events)],
    ['quarantined', listed(summary.quarantined)],
    ['bars', count(summary.bars)],
    ['feature vectors', count(summary.featureVectors)],
    ['predictions', `${count(summary.predictions)} (${listed(summary.recommendations)})`],
    ['abstentions', listed(summary.abstentions)],
    ['tick to features', stage(latency.tickToFeatures)],
    ['tick to prediction', stage(latency.tickToPrediction)],
    ['model', model === null ? 'none' : `${model.name} ${model.version} ${model.digest}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n`;
}
