import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { helmMissing, renderedText, type ValueSet } from './render.ts';

/** With `TRADEWIND_GOLDEN=write` the files are written anew, to be read in review. */
const isWriting = process.env['TRADEWIND_GOLDEN'] === 'write';
const SETS: readonly ValueSet[] = ['default', 'trial', 'production', 'gateway-only'];

/** Without what is generated elsewhere, and tested there: definitions, alerts and dashboards. */
function ofTheChart(text: string): string {
  const documents = text.split(/^---\n/m).filter((document) => document.trim() !== '');
  const isElsewhere = /^kind: (CustomResourceDefinition|PrometheusRule)$|^ {2}name: .*-dashboard-/m;
  return documents
    .filter((document) => !isElsewhere.test(document))
    .map((document) => `---\n${document.trimEnd()}\n`)
    .join('');
}

describe.skipIf(helmMissing !== undefined)('the chart, as it was reviewed', () => {
  it.each(SETS)('renders values %s', (set) => {
    const path = join(import.meta.dirname, 'golden', `${set}.yaml`);
    const text = ofTheChart(renderedText(set));
    if (isWriting) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    expect(existsSync(path), 'TRADEWIND_GOLDEN=write npx vitest run test/chart/golden.test.ts').toBe(true);
    expect(text).toBe(readFileSync(path, 'utf8'));
  });
});
