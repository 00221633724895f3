import { parseBarClock } from '../features/bar-clock.ts';
import { createFeatureEngine, type FeatureSettings } from '../features/engine.ts';
import { openReplay } from '../marketdata/sources/replay/open.ts';
import { createSimulator } from '../marketdata/sources/simulator/simulator.ts';
import type { MarketSource } from '../marketdata/sources/source.ts';
import { type DatasetRow, rowOfVector } from '../ml/dataset.ts';
import type { LabelKind } from '../ml/labels.ts';
import { offlineFeatures } from '../pipeline/offline-features.ts';
import { type FeatureFileRows, readFeatureFiles } from './feature-files.ts';
import type { TrainingInput, TrainingJob } from './training-job.ts';

/** Rows read between two reports of progress. */
const PROGRESS_ROWS = 500;

type FileInput = Extract<TrainingInput, { kind: 'features' }>;
type MarketInput = Exclude<TrainingInput, FileInput>;

/**
 * Reads the rows of every input of a job. Features of market data are computed here, each input from an empty engine; those of
 * feature files are taken as they are.
 */
export async function readRows(
  job: TrainingJob,
  label: LabelKind,
  onRows: (done: number) => void,
): Promise<FeatureFileRows> {
  const files = job.inputs.filter((input): input is FileInput => input.kind === 'features');
  if (files.length > 0)
    return readFeatureFiles(
      files.map(({ file }) => file),
      label,
    );
  const settings: FeatureSettings = {
    sets: job.featureSets,
    bar: parseBarClock(job.bar),
    ...(job.lookbacks === undefined ? {} : { lookbacks: job.lookbacks }),
    ...(job.allowedLatenessMs === undefined ? {} : { allowedLatenessMs: job.allowedLatenessMs }),
  };
  const inputs: DatasetRow[][] = [];
  let done = 0;
  for (const input of job.inputs as readonly MarketInput[]) {
    const { source, untilUs } = await openInput(input);
    const rows: DatasetRow[] = [];
    for await (const vectors of offlineFeatures({
      source,
      settings,
      ...(untilUs === undefined ? {} : { untilUs }),
    })) {
      rows.push(...vectors.map(rowOfVector));
      const before = done;
      done += vectors.length;
      if (Math.floor(before / PROGRESS_ROWS) !== Math.floor(done / PROGRESS_ROWS)) onRows(done);
    }
    inputs.push(rows);
  }
  return { names: createFeatureEngine(settings).names, inputs };
}

async function openInput(
  input: MarketInput,
): Promise<{ readonly source: MarketSource; readonly untilUs?: number }> {
  if (input.kind === 'simulator') return { source: createSimulator(input), untilUs: input.untilUs };
  const { file, ...options } = input;
  return { source: await openReplay({ path: file, ...options }) };
}
