import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

import { runCli } from '../../../test/support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradewind-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const WRONG =
  'apiVersion: tradewind.dev/v1alpha1\nkind: TradingModel\nmetadata: {name: es}\nspec: {symbols: []}\n';

describe('tradewind lint', () => {
  test('ends well for the examples, whose warnings fail only with --strict', async () => {
    const examples = globSync('k8s/examples/*.yaml');
    expect(examples.length).toBeGreaterThan(3);
    const lenient = await runCli(['lint', ...examples]);
    expect(lenient).toMatchObject({ code: 0, stderr: '' });
    expect(lenient.stdout).toMatch(/objects checked: 0 faults, [1-9]\d* warnings\n$/);
    const strict = await runCli(['lint', '--strict', ...examples]);
    expect(strict.code).toBe(3);
    expect(strict.stderr).toMatch(/^tradewind: ResourceInvalid: .* warnings \(--strict\)\n$/);
  });

  test('has nothing to say about the example of a canary', async () => {
    expect((await runCli(['lint', '--strict', 'k8s/examples/canary.yaml'])).stdout).toBe(
      '2 objects checked: 0 faults, 0 warnings\n',
    );
  });

  test('names file, line and field of a fault and ends with 3', async () => {
    const path = file('wrong.yaml', WRONG);
    const { code, stdout, stderr } = await runCli(['lint', path]);
    expect(code).toBe(3);
    expect(stdout).toContain(
      `${path}:4: spec.symbols: must hold at least 1 item, held 0 (TradingModel es)\n`,
    );
    expect(stdout).toContain(
      `${path}:4: spec.model: must be given (an object), was absent (TradingModel es)\n`,
    );
    expect(stderr).toBe('tradewind: ResourceInvalid: manifests must be without faults, had 2 faults\n');
  });

  test('tells programs the same', async () => {
    const { code, stdout } = await runCli(['lint', '--json', file('wrong.yaml', WRONG)]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      faults: 2,
      warnings: 0,
      checked: 1,
      findings: [{ line: 4 }, { line: 4 }],
    });
  });

  test('ends with 4 where a file is not there', async () => {
    const { code, stderr } = await runCli(['lint', join(folder, 'absent.yaml')]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^tradewind: FileUnreadable: /);
  });
});
