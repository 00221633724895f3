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
import { join } from 'node:path';

import { e2eCluster } from '../test/e2e/one-node/e2e-cluster.ts';
import { IS_WHOLE, WHOLE_ONLY } from '../test/support/test-form.ts';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

interface Outcome {
  readonly passed: number;
  readonly failed: number;
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
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  const leftOut = [...left, ...(isE2e || args.length > 0 ? [] : ['test/e2e/cluster'])];
  if (leftOut.length > 0) console.log(`left to TRADEWIND_TESTS=whole: ${leftOut.join(', ')}`);
  for (const name of skipped) console.log(`${isCi ? 'failed (skipped in CI)' : 'skipped'}: ${name}`);
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const failed = sum((outcome) => outcome.failed) + (isCi ? skipped.length : 0);
  const tail = !isCi && skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  console.log(`${sum((outcome) => outcome.passed)} passed, ${failed} failed${tail}`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Alone on the machine: it measures, and its pods want both cores. */
function endToEnd(): Outcome {
  const cluster = e2eCluster(env);
  if ('missing' in cluster) return { passed: 0, failed: 0, skipped: [cluster.missing] };
  if ('broken' in cluster) {
    console.error(cluster.broken);
    return { passed: 0, failed: 1, skipped: [] };
  }
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
  // A file that does not load has no failed test of its own, but it has failed; so has a run that ends with an error of nobody.
  const broken = status !== 0 && report.numFailedTests === 0 ? Math.max(1, report.numFailedTestSuites) : 0;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter(({ status: state }) => state !== 'passed' && state !== 'failed')
        .map(({ fullName }) => fullName),
    ),
  };
}
