import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { xgboostForTests } from '../../pkg/ml/xgboost/library.testing.ts';
import { runCli } from '../support/cli.ts';

const MARKET = { TRADEWIND_SIMULATOR_HISTORY_SECONDS: '600', TRADEWIND_SIMULATOR_SYMBOLS: 'ES,NQ' };

interface Printed {
  readonly digest: string;
  readonly report: {
    readonly symbols: readonly string[];
    readonly pooled: { readonly pValue: number };
    readonly label: object;
    readonly warnings: readonly string[];
  };
}

describe.skipIf(xgboostForTests() === undefined)('tradewind train, on the simulated market', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-train-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const train = (out: string) =>
    runCli(['train', '--from-simulator', '--folds', '3', '--json', '--out', join(folder, out)], MARKET);

  it('gives an artifact that can be verified; the same market and seed give the same digest', async () => {
    const first = await train('a');
    expect(first.stderr).toBe('');
    const { digest, report } = JSON.parse(first.stdout) as Printed;
    expect(report.symbols).toEqual(['ES', 'NQ']);
    expect(report.pooled.pValue).toBeGreaterThan(0);
    const verified = await runCli(['models', 'verify', join(folder, 'a')]);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain(digest);
    const inspected = await runCli(['models', 'inspect', '--json', join(folder, 'a')]);
    const { manifest } = JSON.parse(inspected.stdout) as { manifest: object };
    expect(manifest).toMatchObject({ label: report.label, warnings: report.warnings });
    const second = JSON.parse((await train('b')).stdout) as Printed;
    expect(second.digest).toBe(digest);
  });

  it('is told one source, not two', async () => {
    const { code, stderr } = await runCli([
      'train',
      '--from-simulator',
      '--from-history',
      '--out',
      join(folder, 'c'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('--file, --from-history and --from-simulator');
  });
});
