import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCli } from '../../../test/support/cli.ts';

const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: tradewind.dev/v1alpha1
kind: TradingModel
metadata: {name: es}
spec:
  symbols: [ES]
  model: {version: "2", uri: s3://models/2, digest: sha256:${'0'.repeat(64)}}
  rollout:
    steps: [{setWeight: 10}, {analysis: {durationSeconds: 60}}]
    analysis: {metrics: [{name: errors, builtin: ErrorRatio, max: "0.01"}]}
`;

let folder: string;
const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-simulate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('simulate', () => {
  it('prints what the rollout would do and why, for people and for programs', async () => {
    const manifest = await file('model.yaml', MANIFEST);
    const metrics = await file('bad.csv', 'seconds,metric,value,samples\n10,errors,0.2,1000\n');
    const { code, stdout } = await runCli(['simulate', manifest, '--metrics', metrics]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SECONDS +STEP +WEIGHT +PHASE +REASON +WHAT\n/);
    expect(stdout).toMatch(/\nes: Aborted after \d+ s: metric errors: value must be at most 0.01, is 0.2/);
    const json = await runCli(['simulate', manifest, '--metrics', metrics, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ model: 'es', outcome: 'Aborted' });
  });

  it.each<[string, string, string, RegExp, number]>([
    ['no YAML', 'a: [', 'seconds,metric,value', /ManifestUnusable: .* must hold a TradingModel: /, 3],
    ['another kind', 'kind: Pod', 'seconds,metric,value', /no document in it is of kind TradingModel/, 3],
    [
      'a wrong field',
      MANIFEST.replace('setWeight: 10', 'setWeight: 101'),
      '',
      /line \d+, spec\.rollout\.steps\[0\]\.setWeight: /,
      3,
    ],
    ['a wrong table', MANIFEST, 'seconds,metric,value\n0,eror,1', /MetricsTableInvalid: line 2: /, 3],
  ])('says in one line what is wrong with %s', async (_name, manifest, metrics, message, exitCode) => {
    const paths = [await file('m.yaml', manifest), await file('t.csv', metrics)] as const;
    const { code, stderr } = await runCli(['simulate', paths[0], '--metrics', paths[1]]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(exitCode);
  });
});
