/**
 * Runs the whole test suite and closes with the line `N passed, N failed`.
 *
 * With CI=true a skipped test is a failure: it would hide that a server or client is missing.
 * Arguments are handed to vitest (a file name or -t pattern narrows the run).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-tests-'));
const reportFile = join(scratch, 'report.json');
const isCi = process.env['CI'] === 'true';
try {
  const run = spawnSync(
    'vitest',
    [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...process.argv.slice(2),
    ],
    { stdio: 'inherit' },
  );
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const skipped = report.testResults.flatMap((file) =>
    file.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed'),
  );
  for (const test of skipped) console.log(`${isCi ? 'failed (skipped in CI)' : 'skipped'}: ${test.fullName}`);
  // A file that does not load has no failed test of its own, but it has failed.
  const brokenFiles =
    run.status !== 0 && report.numFailedTests === 0 ? Math.max(1, report.numFailedTestSuites) : 0;
  const failed = report.numFailedTests + brokenFiles + (isCi ? skipped.length : 0);
  const tail = !isCi && skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  console.log(`${report.numPassedTests} passed, ${failed} failed${tail}`);
  process.exitCode = failed === 0 && run.status === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
