import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { CHART, helmMissing, type Manifest, ROOT, template } from './render.ts';

const { spec }: Manifest = parse(readFileSync(join(ROOT, 'deploy/argocd/application.yaml'), 'utf8'));

describe.skipIf(helmMissing !== undefined)('deploy/argocd/application.yaml', () => {
  it('names the chart and values that it takes', () => {
    const { path, helm } = spec.source;
    expect(join(ROOT, path)).toBe(CHART);
    const files: readonly string[] = helm.valueFiles.map((file: string) => join(CHART, file));
    for (const file of files) expect(existsSync(file), file).toBe(true);
    const { status, stderr } = template(files, ['--values', '-'], stringify(helm.valuesObject));
    expect(status, stderr).toBe(0);
  });
});
