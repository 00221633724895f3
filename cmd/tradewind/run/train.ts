import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';

import { isAbsentOrEmpty } from '../../../pkg/artifacts/artifact.ts';
import { ArtifactExists } from '../../../pkg/artifacts/errors.ts';
import { startEngine } from '../../../pkg/history/embedded/start-engine.ts';
import { History } from '../../../pkg/history/history.ts';
import { firstLines } from '../../../pkg/marketdata/sources/replay/lines.ts';
import { RecordingUnreadable } from '../../../pkg/marketdata/errors.ts';
import { pricedHeader, pricedRow } from '../../../pkg/training/feature-files.ts';
import type { TrainingInput, TrainingJob } from '../../../pkg/training/training-job.ts';
import { createProgress } from '../../../pkg/runtime/progress.ts';
import { checkWritable } from '../../../pkg/runtime/writable.ts';
import type { TrainFlags } from '../commands/train.ts';
import { barOfInputs, checkGivenBar, DEFAULT_BAR } from '../bar-of.ts';
import { FlagsInvalid, HistoryMissing } from '../errors.ts';
import { parseFeatureSets } from '../feature-sets.ts';
import { optional } from '../optional.ts';
import { printJson } from '../output.ts';
import { simulatedMarket } from '../simulated-market.ts';
import { runTrainer } from '../trainer.ts';
import { trainingSettings } from './training-settings.ts';

/** Trains in the trainer process, with progress on a terminal, and prints the report. */
export async function runTrain(flags: TrainFlags): Promise<void> {
  const given = [flags.file !== undefined, flags.fromHistory === true, flags.fromSimulator === true];
  if (given.filter(Boolean).length !== 1) {
    throw new FlagsInvalid('exactly one of --file, --from-history and --from-simulator must be given');
  }
  // Told before the work, not after it.
  await checkWritable(flags.out);
  if (!(await isAbsentOrEmpty(flags.out))) throw new ArtifactExists(flags.out);
  const settings = await trainingSettings(flags);
  const scratch = await mkdtemp(join(tmpdir(), 'tradewind-train-'));
  const progress = createProgress(process.stderr, { isQuiet: flags.json === true });
  try {
    const source = await sourceOf(flags, scratch);
    const job: TrainingJob = {
      ...source,
      trainShare: 1,
      settings,
      name: flags.name ?? settings.label.kind,
      outDir: resolve(flags.out),
    };
    const done = await runTrainer(job, { onProgress: (...update) => progress.update(...update) });
    progress.stop();
    if (flags.json === true)
      printJson({ directory: flags.out, digest: done.digest, version: done.version, report: done.report });
    else process.stdout.write(`${done.reportText}\nwritten to ${flags.out}, ${done.digest}\n`);
  } finally {
    progress.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

type Source = Pick<TrainingJob, 'inputs' | 'featureSets' | 'bar'>;

function sourceOf(flags: TrainFlags, scratch: string): Promise<Source> | Source {
  if (flags.fromHistory === true) return exportHistory(flags, scratch);
  if (flags.fromSimulator !== true) return fromFiles(flags);
  return {
    inputs: [simulatedMarket(process.env)],
    featureSets: parseFeatureSets(flags.set),
    bar: flags.bar ?? DEFAULT_BAR,
  };
}

async function fromFiles({ file = [], format, symbol, timeZone, set, bar }: TrainFlags): Promise<Source> {
  const inputs: TrainingInput[] = [];
  for (const path of file) {
    if (!existsSync(path)) throw new RecordingUnreadable(path, { code: 'ENOENT' });
    const [header = ''] = format === undefined && !path.endsWith('.parquet') ? await firstLines(path, 1) : [];
    if (header.startsWith('time_us,symbol,')) inputs.push({ kind: 'features', file: resolve(path) });
    else
      inputs.push({
        kind: 'replay',
        file: resolve(path),
        ...optional('format', format),
        ...optional('symbol', symbol),
        ...optional('timeZone', timeZone),
      });
  }
  if (new Set(inputs.map(({ kind }) => kind)).size > 1) {
    throw new FlagsInvalid('files must be all feature files or all recordings, were both');
  }
  const own = await barOfInputs(inputs, bar ?? DEFAULT_BAR);
  checkGivenBar(bar, own);
  return { inputs, featureSets: parseFeatureSets(set), bar: own };
}

/** Writes the history's features as a feature file: the trainer cannot open the engine's folder too. */
async function exportHistory(
  { data, stream, bar = DEFAULT_BAR, asOf }: TrainFlags,
  scratch: string,
): Promise<Source> {
  const directory = await pickStream(data, stream);
  const engine = await startEngine(join(directory, 'history'));
  try {
    const history = await History.open({ ...engine, database: 'tradewind' });
    const [set] = await history.featureSets();
    if (set === undefined)
      throw new HistoryMissing(`history in '${directory}' must have features, has none yet`);
    const chosen = set.bars.includes(bar) ? bar : set.bars[0]!;
    const rows = await history.readDataset({
      featureSet: set.featureSet,
      bar: chosen,
      ...optional('asOfUs', asOf),
    });
    await history.close();
    const file = join(scratch, 'features.csv');
    const out = createWriteStream(file);
    out.write(pricedHeader(set.names));
    for (const row of rows) if (!out.write(pricedRow(row))) await once(out, 'drain');
    out.end();
    await finished(out);
    return {
      inputs: [{ kind: 'features', file }],
      featureSets: parseFeatureSets(set.featureSet.split('+')),
      bar: chosen,
    };
  } finally {
    await engine.stop();
  }
}

const listed = (names: readonly string[]): string =>
  names.map((name) => `  ${name}`).join('\n') || '  (none)';

async function pickStream(data: string, wanted: string | undefined): Promise<string> {
  const names = existsSync(data) ? await readdir(data) : [];
  const streams = names.filter((name) => existsSync(join(data, name, 'history')));
  if (wanted !== undefined) {
    if (streams.includes(wanted)) return join(data, wanted);
    throw new HistoryMissing(`--stream must be one of these, was '${wanted}':\n${listed(streams)}`);
  }
  if (streams.length === 1) return join(data, streams[0]!);
  if (streams.length === 0)
    throw new HistoryMissing(`'${data}' must hold a stream with history; 'tradewind up' makes one`);
  throw new FlagsInvalid(
    `--stream must name one of the ${streams.length} streams in '${data}':\n${listed(streams)}`,
  );
}
