import { columns } from '../output.ts';
import type { PlannedProcess } from './plan.ts';

/** What is told of a run, from the metrics of its processes: counts since each was started. */
const TOLD = {
  events: 'tradewind_events_total',
  quarantined: 'tradewind_quarantined_total',
  predictions: 'tradewind_predictions_total',
  abstentions: 'tradewind_abstentions_total',
} as const;

export type Tally = Readonly<Record<keyof typeof TOLD, number>>;

/** Sums a metric over its labels in the text that Prometheus scrapes. */
export function sumOf(metric: string, exposition: string): number {
  const sample = new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)$`, 'gm');
  return [...exposition.matchAll(sample)].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Asks every process for its metrics; one that does not answer counts for nothing. */
export async function takeTally(processes: readonly PlannedProcess[]): Promise<Tally> {
  const texts = await Promise.all(
    processes.map(async ({ http }) => {
      try {
        const answer = await fetch(`http://${http}/metrics`, { signal: AbortSignal.timeout(2000) });
        return await answer.text();
      } catch {
        return '';
      }
    }),
  );
  const all = texts.join('\n');
  const entries = Object.entries(TOLD).map(([name, metric]) => [name, sumOf(metric, all)] as const);
  return Object.fromEntries(entries) as Tally;
}

export function formatTally(tally: Tally): string {
  return columns(Object.entries(tally).map(([name, count]) => [name, count.toLocaleString('en-US')]));
}
