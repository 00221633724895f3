import { IS_NIGHTLY } from './fault-report.ts';

/**
 * Whether tests of many alike cases run all of them: before a change lands (`.ci/run` sets `TRADEWIND_TESTS=whole`, and `CI=true` counts as much), and in the
 * long form of the fault tests. `make test` on a developer's machine runs some of each kind, so that it is done in minutes.
 */
export const IS_WHOLE =
  process.env['TRADEWIND_TESTS'] === 'whole' || process.env['CI'] === 'true' || IS_NIGHTLY;
