import type { RunSummary } from '../../../pkg/pipeline/statistics.ts';
import type { ModelScore } from '../../../pkg/prediction/scorecard/scorecard.ts';
import { type ModelVerdict, verdictText } from '../model-verdict.ts';

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
  /** How the predictions did, by model; the one that predicted last comes first. */
  readonly outcomes: readonly ModelScore[];
  /** The model that is served, and what its report says of it. */
  readonly model:
    | ({ readonly name: string; readonly version: string; readonly digest: string } & ModelVerdict)
    | null;
}

const count = (value: number): string => value.toLocaleString('en-US');

function listed(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  return entries.length === 0 ? 'none' : entries.map(([name, n]) => `${name} ${count(n)}`).join(', ');
}

const milliseconds = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(2)} ms` : '-');

type Row = readonly [name: string, value: string];

/** The summary as a table of two columns. */
export function formatSummary(summary: UpSummary): string {
  const { latency, model, speed } = summary;
  const queued = speed === 'max' ? ' (waiting behind the events before it, at full speed)' : '';
  const stage = ({ p50Ms, p99Ms }: { readonly p50Ms: number; readonly p99Ms: number }) =>
    `p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}${queued}`;
  const rows: readonly Row[] = [
    [
      'source',
      `${summary.source} (${summary.isFinished ? 'ended' : 'stopped'} after ${summary.elapsedSeconds.toFixed(1)} s)`,
    ],
    ...(summary.resumedFromPosition === null ? [] : [sinceFirstStart(summary)]),
    ['events', listed(summary.events)],
    ['quarantined', listed(summary.quarantined)],
    ['bars', count(summary.bars)],
    ['feature vectors', count(summary.featureVectors)],
    ['predictions', `${count(summary.predictions)} (${listed(summary.recommendations)})`],
    ['abstentions', listed(summary.abstentions)],
    ...summary.outcomes.flatMap(outcomeRows),
    ['tick to features', stage(latency.tickToFeatures)],
    ['tick to prediction', stage(latency.tickToPrediction)],
    ['model', model === null ? 'none' : `${model.name} ${model.version} ${model.digest}`],
    ...(model === null ? [] : [verdictText(model), ...model.warnings].map((text): Row => ['', text])),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n`;
}

/** A run that went on counts on too. */
function sinceFirstStart({ thisRun: { events, bars, predictions } }: UpSummary): Row {
  const own = `${count(events)} events, ${count(bars)} bars, ${count(predictions)} predictions`;
  return ['counted', `since the first start of this stream; of this run: ${own}`];
}

/** What became of a model's predictions. */
function outcomeRows({ model, version, verdict, waiting, deadZone, unlabelled, ...score }: ModelScore) {
  const { logLoss, baseLogLoss, brier, baseBrier } = score;
  const open = [
    `${count(waiting)} still open`,
    ...(deadZone === 0 ? [] : [`${count(deadZone)} moved no more than the costs`]),
    ...(unlabelled === 0 ? [] : [`${count(unlabelled)} without an outcome`]),
  ].join(', ');
  const rows: Row[] = [['outcomes', `${model} ${version}: ${verdict.text}`]];
  if (logLoss !== null && baseLogLoss !== null && brier !== null && baseBrier !== null) {
    const against = `log loss ${logLoss.toFixed(4)} against ${baseLogLoss.toFixed(4)}, Brier ${brier.toFixed(4)} against ${baseBrier.toFixed(4)} of the base rate`;
    rows.push(['', `${against}; ${open}`]);
  }
  return rows;
}
