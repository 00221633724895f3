import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { runCli } from '../../test/support/cli.ts';
import { armCrashPoint, CRASH_POINTS, CRASH_VARIABLES } from './crash-point.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('crash points', () => {
  it('are each passed at exactly one place of the code, and none is passed that is not listed', () => {
    const passed = globSync(['pkg/**/*.ts', 'cmd/**/*.ts'], { cwd: ROOT })
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap((file) => [...readFileSync(`${ROOT}${file}`, 'utf8').matchAll(/\bcrashPoint\('([^']*)'\)/g)])
      .map(([, name]) => name);
    expect(passed).toHaveLength(CRASH_POINTS.length);
    expect(new Set(passed)).toEqual(new Set(CRASH_POINTS));
  });

  it('are refused where there is none of the name, or no passing of the number', () => {
    const logger = { warn: () => expect.unreachable('nothing is armed') };
    for (const text of ['', 'features', 'features:after-outputs:', 'features:after-outputs:0', 'x:1'])
      expect(() => armCrashPoint({ [CRASH_VARIABLES.point]: text }, logger)).toThrowError(
        expect.objectContaining({ code: 'CrashPointUnknown', kind: 'usage' }),
      );
    const env = { [CRASH_VARIABLES.point]: CRASH_POINTS[0], [CRASH_VARIABLES.signal]: 'SIGHUP' };
    expect(() => armCrashPoint(env, logger)).toThrowError(/TRADEWIND_CRASH_SIGNAL must be one of SIGKILL/);
  });

  it('that are not known end a process at its start with one line', async () => {
    const env = { TRADEWIND_CRASH_AT: 'predictor:never', TRADEWIND_MODEL_URIS: 'absent' };
    const { code, stderr } = await runCli(['service', 'predictor'], env);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^tradewind: CrashPointUnknown: TRADEWIND_CRASH_AT must be one of .*'predictor:never'$/,
      ),
    ]);
  });
});
