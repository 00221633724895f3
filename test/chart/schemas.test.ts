import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { pythonWith } from '../servers/tools.ts';
import { IS_WHOLE } from '../support/test-form.ts';
import { CHART, helm, helmMissing, manifests, renderedText, VALUE_SETS, valueSets } from './render.ts';

const VERSIONS = ['1.31', '1.32', '1.33', '1.34', '1.35'];
/** Kinds of other projects, of which there is no schema. */
const FOREIGN = /^(tradewind\.dev|monitoring\.coreos\.com|cert-manager\.io)\//;
const python = pythonWith(
  ['kubernetes_validate'],
  'test/chart/requirements.txt',
  'assert kubernetes_validate.latest_version() >= "1.35"',
);

const validate = (text: string): string => {
  const args = [join(import.meta.dirname, 'validate.py'), ...VERSIONS];
  const { stdout, stderr } = spawnSync((python as { path: string }).path, args, {
    encoding: 'utf8',
    input: text,
  });
  return stdout + stderr;
};

describe.skipIf(helmMissing !== undefined)('charts/tradewind', () => {
  it.each(valueSets)('pleases `helm lint --strict` with values %s', (set) => {
    const values = VALUE_SETS[set].flatMap((file) => ['--values', file]);
    const { status, stdout, stderr } = helm(['lint', '--strict', CHART, ...values]);
    expect(status, stdout + stderr).toBe(0);
  });

  it('has the version of the project', () => {
    const { version } = JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8')) as {
      version: string;
    };
    const chart = readFileSync(join(CHART, 'Chart.yaml'), 'utf8');
    expect(chart).toContain(`\nversion: ${version}\n`);
    expect(chart).toContain(`\nappVersion: ${version}\n`);
  });
});

describe.skipIf(helmMissing !== undefined || 'missing' in python)(
  `what the chart renders, by the schemas of Kubernetes ${VERSIONS[0]} to ${VERSIONS.at(-1)}`,
  () => {
    it.each(IS_WHOLE ? valueSets : valueSets.slice(0, 2))('is valid with values %s', (set) => {
      const ours = manifests(set).filter(({ apiVersion }) => !FOREIGN.test(apiVersion));
      expect(validate(renderedText(set))).toBe(`checked ${ours.length * VERSIONS.length}\n`);
    });

    it('is refused where a field is misspelt, or of another type', () => {
      const wrong = `apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: http}], selectors: {}}\n`;
      expect(validate(wrong)).toMatch(/^1\.31 Service\/s: .*\n1\.32 Service\/s: /);
    });
  },
);
