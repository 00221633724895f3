import { IS_NIGHTLY } from './fault-report.ts';

/**
 * Whether all tests run, and of many alike cases all: before a change lands (`.ci/run` sets `TRADEWIND_TESTS=whole`, and `CI=true` counts as much), and in
 * the long form of the fault tests. `make test` on a developer's machine runs some of each kind, so that it is done in minutes.
 */
export const IS_WHOLE =
  process.env['TRADEWIND_TESTS'] === 'whole' || process.env['CI'] === 'true' || IS_NIGHTLY;

/** Of many alike cases all in the whole form, else every `nth`. */
export function someOf<T>(cases: readonly T[], nth: number): readonly T[] {
  return IS_WHOLE ? cases : cases.filter((_, at) => at % nth === 0);
}

/** Files of the whole form alone: each takes long, and others of `make test` hold the same code to most of it. */
export const WHOLE_ONLY: readonly string[] = [
  'test/chart/trial-kafka.test.ts',
  'test/e2e/reports.test.ts',
  'test/faults/crash.test.ts',
  'test/faults/kafka-servers.test.ts',
  'test/faults/recorder.test.ts',
  'test/observability/burn.test.ts',
  'test/operator/leaders.test.ts',
  'test/operator/prometheus.test.ts',
  'test/operator/rbac.test.ts',
];
