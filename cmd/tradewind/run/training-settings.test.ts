import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TrainingSettingsInvalid } from '../../../pkg/ml/errors.ts';
import { parseTrainingSettings } from '../../../pkg/ml/settings.ts';
import { registerTrain, type TrainFlags } from '../commands/train.ts';
import { trainingSettings } from './training-settings.ts';

const FLAGS: TrainFlags = { data: '.tradewind', set: ['core-v1'], bar: 'time:1000', out: 'model' };

describe('trainingSettings', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-settings-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function from(yaml: string, flags: Partial<TrainFlags> = {}) {
    const config = join(folder, 'training.yaml');
    await writeFile(config, yaml);
    return trainingSettings({ ...FLAGS, ...flags, config });
  }

  it('heeds everything that the file says', async () => {
    const settings = await from(
      'folds: 3\nseed: 11\nembargoBars: 4\nlabel: { kind: triple-barrier, horizonBars: 20, upSigmas: 2, downSigmas: 1.5 }\n',
    );
    expect(settings).toMatchObject({ folds: 3, seed: 11, embargoBars: 4 });
    expect(settings.label).toMatchObject({
      ...{ kind: 'triple-barrier', horizonBars: 20, upSigmas: 2, downSigmas: 1.5 },
    });
  });

  it('lets a flag overrule its own key alone', async () => {
    const settings = await from('folds: 3\nlabel: { horizonBars: 20, costBps: 2 }\n', {
      ...{ horizon: 5, seed: 1 },
    });
    expect(settings).toMatchObject({ folds: 3, seed: 1, label: { horizonBars: 5, costBps: 2 } });
  });

  it.each(['label: { horizon: 3 }', 'label: next-return', 'fold: 3', 'label: { upSigmas: 0 }'])(
    'refuses %s',
    async (yaml) => {
      await expect(from(yaml)).rejects.toThrow(TrainingSettingsInvalid);
    },
  );

  it('has the defaults that the help tells', async () => {
    const program = new Command();
    registerTrain(program);
    const told = (name: string) =>
      /\(default: (.+)\)/.exec(
        program.commands[0]!.options.find(({ long }) => long === name)!.description,
      )?.[1];
    const { label, folds, embargoBars, seed } = await trainingSettings(FLAGS);
    expect([folds, embargoBars, seed].map(String)).toEqual(['--folds', '--embargo', '--seed'].map(told));
    expect([label.kind, label.horizonBars, label.costBps].map(String)).toEqual(
      ['--label', '--horizon', '--cost-bps'].map(told),
    );
    expect(await trainingSettings(FLAGS)).toEqual(parseTrainingSettings({}));
  });
});
