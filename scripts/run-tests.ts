/**
 * Runs the whole test suite and closes with the line `N passed, N failed`. The end-to-end test runs too where KUBECONFIG and E2E_IMAGE name a cluster and
 * an image, and in the whole form on a cluster of one node that is started for it.
 *
 * With CI=true a skipped test is a failure: it would hide that a server or client is missing.
 * Arguments are handed to vitest (a file name or -t pattern narrows the run). Without, and but for TRADEWIND_TESTS=whole, the short form runs, which says what it leaves out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { e2eCluster } from '../test/e2e/one-node/e2e-cluster.ts';
import { IS_WHOLE, WHOLE_ONLY } from '../test/support/test-form.ts';

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly ReportedFile[];
}

interface ReportedFile {
  readonly name: string;
  readonly status: string;
  /** Why the file could not be loaded, if it could not. */
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
}

interface Outcome {
  readonly passed: number;
  /** A line for each failure: its file, its name and the first line of its reason. */
  readonly failures: readonly string[];
  readonly skipped: readonly string[];
}

const E2E_CONFIG = 'test/e2e/cluster/vitest.config.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-tests-'));
const { env } = process;
const isCi = env['CI'] === 'true';
const args = process.argv.slice(2);
/** Files that this run leaves to the whole form; whoever names files gets those. */
const left = args.length === 0 && !IS_WHOLE ? WHOLE_ONLY : [];
const isE2e = args.length === 0 && (IS_WHOLE || Boolean(env['KUBECONFIG'] && env['E2E_IMAGE']));
try {
  const outcomes = [
    run('tests', left.length === 0 ? args : left.map((file) => `--exclude=${file}`)),
    ...(isE2e ? [endToEnd()] : []),
  ];
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  const leftOut = [...left, ...(isE2e || args.length > 0 ? [] : ['test/e2e/cluster'])];
  if (leftOut.length > 0) console.log(`left to TRADEWIND_TESTS=whole: ${leftOut.join(', ')}`);
  for (const failure of failures) console.log(`failed: ${failure}`);
  for (const name of skipped) console.log(`${isCi ? 'failed (skipped in CI)' : 'skipped'}: ${name}`);
  const passed = outcomes.reduce((total, outcome) => total + outcome.passed, 0);
  const failed = failures.length + (isCi ? skipped.length : 0);
  const tail = !isCi && skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  console.log(`${passed} passed, ${failed} failed${tail}`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Alone on the machine: it measures, and its pods want both cores. */
function endToEnd(): Outcome {
  const cluster = e2eCluster(env);
  if ('missing' in cluster) return { passed: 0, failures: [], skipped: [cluster.missing] };
  if ('broken' in cluster) return { passed: 0, failures: [cluster.broken], skipped: [] };
  try {
    return run('e2e', ['--config', E2E_CONFIG], cluster.variables);
  } finally {
    cluster.stop();
  }
}

function run(name: string, vitestArgs: readonly string[], variables: NodeJS.ProcessEnv = {}): Outcome {
  const reportFile = join(scratch, `${name}.json`);
  const { status } = spawnSync(
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...vitestArgs],
    { stdio: 'inherit', env: { ...env, ...variables } },
  );
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const failures = report.testResults.flatMap(failuresOf);
  if (status !== 0 && failures.length === 0)
    failures.push(`${name}: an error outside of the tests, told above`);
  return {
    passed: report.numPassedTests,
    failures,
    skipped: report.testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter(({ status: state }) => state !== 'passed' && state !== 'failed')
        .map(({ fullName }) => fullName),
    ),
  };
}

/** A file that does not load has no failed test of its own, but it has failed. */
function failuresOf({ name, status, message, assertionResults }: ReportedFile): string[] {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((result) => result.status === 'failed');
  if (failed.length === 0 && status === 'failed')
    return [`${file}: ${firstLine(message) || 'a hook or its worker failed, told above'}`];
  return failed.map(
    (result) => `${file} > ${result.fullName}: ${firstLine(result.failureMessages.join('\n'))}`,
  );
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
