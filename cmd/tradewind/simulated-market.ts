import { z } from 'zod';

import type { TrainingInput } from '../../pkg/training/training-job.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { simulatorSection } from '../settings.ts';

const HOUR_US = 3_600_000_000;

/** The simulated market that the environment configures, for as long as its history, until the last whole hour. */
export function simulatedMarket(env: NodeJS.ProcessEnv): TrainingInput {
  const { simulator } = loadConfig(z.object({ simulator: simulatorSection }), { env });
  const { historySeconds, ...market } = simulator;
  const untilUs = Math.floor(systemClock.nowUs() / HOUR_US) * HOUR_US;
  return { kind: 'simulator', ...market, startTimeUs: untilUs - historySeconds * 1_000_000, untilUs };
}
