/** Rebuilds every generated file in a scratch folder and fails where it differs from what is committed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-generated-'));
try {
  cpSync('proto/gen', join(scratch, 'committed'), { recursive: true });
  execFileSync('buf', ['generate', '--output', scratch], { stdio: 'inherit' });
  const difference = spawnSync('diff', ['-ru', join(scratch, 'committed'), join(scratch, 'proto/gen')], {
    encoding: 'utf8',
  });
  if (difference.status !== 0) {
    console.error(`check-generated: proto/gen is not up to date: run 'make generate'\n${difference.stdout}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

for (const script of [
  'scripts/generate-docs.ts',
  'scripts/generate-resources.ts',
  'scripts/generate-observability.ts',
  'scripts/generate-chart.ts',
  'scripts/generate-kustomize.ts',
]) {
  const check = spawnSync('node', [script, '--check'], { stdio: 'inherit' });
  if (check.status !== 0) process.exitCode = 1;
}
