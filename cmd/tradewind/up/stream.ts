import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import type { StreamFeatures } from '../../../pkg/artifacts/check-stream.ts';
import { parseBarClock } from '../../../pkg/features/bar-clock.ts';
import { openReplay } from '../../../pkg/marketdata/sources/replay/open.ts';
import { createFeatureEngine } from '../../../pkg/features/engine.ts';
import { createSimulator } from '../../../pkg/marketdata/sources/simulator/simulator.ts';
import type { MarketSource } from '../../../pkg/marketdata/sources/source.ts';
import type { TrainingInput } from '../../../pkg/training/training-job.ts';
import { writeFileAtomically } from '../../../pkg/runtime/atomic-file.ts';
import type { Clock } from '../../../pkg/runtime/clock.ts';
import { sourceKind } from '../../settings.ts';
import { barOf } from '../bar-of.ts';
import { optional } from '../optional.ts';
import type { UpConfig } from './config.ts';

/** A stream of market data and the folder in which everything made from it is kept. */
export interface Stream {
  readonly name: string;
  readonly directory: string;
  readonly source: MarketSource;
  /** Bar clock of its features: that of the bars of a bar file, else the one configured. */
  readonly bar: string;
  readonly description: string;
  /** Events before this time are history that is caught up on at full speed. */
  readonly liveFromUs?: number;
  /** What a first model is trained on. */
  readonly trainingInput: TrainingInput;
  /** Share of the input that training may see; the rest is left to be predicted. */
  readonly trainShare: number;
  /** The stream waits for the first model: its past is all it has. */
  readonly waitsForModel: boolean;
}

const shortDigest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 8);

/** What will be computed of the configured source: told without making anything. */
export async function featuresOfStream({ source, features }: UpConfig): Promise<StreamFeatures> {
  const bar = barOf(sourceKind(source) === 'replay' ? await openRecording(source) : {}, features.bar);
  return { names: createFeatureEngine({ ...features, bar: parseBarClock(bar) }).names, bar };
}

/**
 * Opens the configured source. Streams that differ in anything that changes their data live in folders of their own, so
 * that their offsets and rows never mix.
 */
export async function openStream(config: UpConfig, clock: Clock): Promise<Stream> {
  return sourceKind(config.source) === 'replay'
    ? openReplayStream(config)
    : openSimulatorStream(config, clock);
}

/** @param source - Of a replay: the schema has seen to its file. */
async function openRecording({ format, symbol, timeZone, ...source }: UpConfig['source']) {
  const file = source.file!;
  const options = {
    path: file,
    ...optional('format', format),
    ...optional('symbol', symbol),
    ...optional('timeZone', timeZone),
  };
  return { ...(await openReplay(options)), file };
}

async function openReplayStream(config: UpConfig): Promise<Stream> {
  const { format, symbol, timeZone } = config.source;
  const { file, ...source } = await openRecording(config.source);
  const { size, mtimeMs } = await stat(file);
  const base = basename(file).replace(/[^A-Za-z0-9_-]+/g, '-');
  const name = `replay-${base}-${shortDigest([resolve(file), size, mtimeMs, format, symbol, config.features, ...(timeZone === undefined ? [] : [timeZone])])}`;
  return {
    name,
    directory: join(config.data, name),
    source,
    bar: barOf(source, config.features.bar),
    description: source.description,
    trainingInput: {
      kind: 'replay',
      file: resolve(file),
      ...optional('format', format),
      ...optional('symbol', symbol),
      ...optional('timeZone', timeZone),
    },
    trainShare: config.model.trainShare,
    waitsForModel: true,
  };
}

async function openSimulatorStream(config: UpConfig, clock: Clock): Promise<Stream> {
  const { symbols, seed, ticksPerSecond, historySeconds, faults } = config.simulator;
  const name = `simulator-${shortDigest([config.simulator, config.features])}`;
  const directory = join(config.data, name);
  const startTimeUs = await firstStart(directory, clock.nowUs() - historySeconds * 1_000_000);
  const liveFromUs = startTimeUs + historySeconds * 1_000_000;
  return {
    name,
    directory,
    bar: barOf({}, config.features.bar),
    source: createSimulator({ symbols, seed, ticksPerSecond, startTimeUs, faults }),
    description: `simulator: ${symbols.join(' ')}, seed ${seed}, ${ticksPerSecond} ticks/s each on a day's average`,
    liveFromUs,
    trainingInput: {
      kind: 'simulator',
      ...{ symbols, seed, ticksPerSecond, startTimeUs, faults, untilUs: liveFromUs },
    },
    trainShare: 1,
    waitsForModel: false,
  };
}

/** The simulated world begins once: its first start is kept, whole seconds, and every later start goes on from there. */
async function firstStart(directory: string, startTimeUs: number): Promise<number> {
  const path = join(directory, 'stream.json');
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as { readonly startTimeUs: number }).startTimeUs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const wholeSecond = Math.floor(startTimeUs / 1_000_000) * 1_000_000;
  await writeFileAtomically(path, Buffer.from(`${JSON.stringify({ startTimeUs: wholeSecond })}\n`));
  return wholeSecond;
}
