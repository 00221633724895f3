import { parse } from 'yaml';

import { parseTrainingSettings, type TrainingSettings } from '../../../pkg/ml/settings.ts';
import type { TrainFlags } from '../commands/train.ts';
import { FlagsInvalid } from '../errors.ts';
import { optional } from '../optional.ts';
import { readText } from '../read-text.ts';

type Settings = Readonly<Record<string, unknown>>;

/**
 * Settings of training: a flag that was given wins over the file named by `--config`, key by key; what neither says has its default.
 *
 * @throws {TrainingSettingsInvalid} With every fault of the file.
 */
export async function trainingSettings({ config, ...flags }: TrainFlags): Promise<TrainingSettings> {
  const file = config === undefined ? {} : await readSettings(config);
  const label = {
    ...optional('kind', flags.label),
    ...optional('horizonBars', flags.horizon),
    ...optional('costBps', flags.costBps),
  };
  return parseTrainingSettings({
    ...file,
    // What is no object is left for the check to tell.
    label: isObject(file['label'] ?? {})
      ? { ...(file['label'] as Settings | undefined), ...label }
      : file['label'],
    ...optional('folds', flags.folds),
    ...optional('embargoBars', flags.embargo),
    ...optional('seed', flags.seed),
  });
}

const isObject = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function readSettings(path: string): Promise<Settings> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new FlagsInvalid(
      `--config must be YAML or JSON, '${path}': ${(error as Error).message.split('\n', 1)[0]}`,
    );
  }
  if (!isObject(value)) {
    throw new FlagsInvalid(`--config must hold an object of settings, '${path}' does not`);
  }
  return value;
}
