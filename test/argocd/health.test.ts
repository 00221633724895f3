import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

import type { Condition, RolloutStatus, TradingModelStatus } from '../../pkg/tradingmodel/status.ts';
import { goTool } from '../servers/tools.ts';

/** The interpreter that is built into Argo CD. */
const glua = goTool('glua', 'github.com/yuin/gopher-lua/cmd/glua@v1.1.2');
const script = resolve(import.meta.dirname, '../../deploy/argocd/health.lua');
const folder = mkdtempSync(join(tmpdir(), 'tradewind-argocd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A value as Lua writes it. */
function luaLiteral(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(luaLiteral).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([key, child]) => `[${JSON.stringify(key)}] = ${luaLiteral(child)}`,
  );
  return `{${fields.join(', ')}}`;
}

/** Runs the script as Argo CD does: the object is the global `obj`, the answer its result. */
function healthOf(object: object): { readonly status: string; readonly message: string } {
  const file = join(folder, 'run.lua');
  writeFileSync(
    file,
    `obj = ${luaLiteral(object)}\nlocal health = dofile(${JSON.stringify(script)})\nprint(health.status)\nprint(health.message)\n`,
  );
  const { stdout, stderr, status } = spawnSync('path' in glua ? glua.path : 'glua', [file], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`glua must end well: ${stderr}${stdout}`);
  const [said = '', message = ''] = stdout.trimEnd().split('\n');
  return { status: said, message };
}

const condition = (
  type: Condition['type'],
  status: Condition['status'],
  message = `${type} is ${status}`,
): Condition => ({
  type,
  status,
  reason: 'Reason',
  message,
  observedGeneration: 3,
  lastTransitionTime: '2026-11-20T10:00:00Z',
});
const rollout = (fields: Partial<RolloutStatus>): RolloutStatus => ({
  phase: 'Idle',
  stepIndex: 0,
  stepCount: 0,
  pauseReasons: [],
  weightsVerified: true,
  ...fields,
});
const model = (status: TradingModelStatus | undefined, metadata: object = {}): object => ({
  metadata: { name: 'es', generation: 3, ...metadata },
  status,
});
const seen = (fields: TradingModelStatus): TradingModelStatus => ({ observedGeneration: 3, ...fields });
const READY = condition('Ready', 'True', 'es-1 answers');

describe.skipIf('missing' in glua)('health of a TradingModel in Argo CD', () => {
  test.each<[string, object, string, string]>([
    [
      'progresses before there is a status',
      model(undefined),
      'Progressing',
      'waits for the controller to see this generation',
    ],
    [
      'progresses while the status is of an older generation, whatever it says',
      model({ observedGeneration: 2, conditions: [READY] }),
      'Progressing',
      'waits for the controller to see this generation',
    ],
    [
      'progresses while the object is deleted',
      model(seen({ conditions: [READY] }), { deletionTimestamp: '2026-11-20T10:00:00Z' }),
      'Progressing',
      'is being deleted: its traffic is drained first',
    ],
    ['progresses before the first condition', model(seen({})), 'Progressing', 'waits for the controller'],
    [
      'progresses while Ready is unknown',
      model(seen({ conditions: [condition('Ready', 'Unknown')] })),
      'Progressing',
      'Ready is Unknown',
    ],
    [
      'is healthy when it is ready and nothing moves',
      model(seen({ conditions: [READY], rollout: rollout({}) })),
      'Healthy',
      'es-1 answers',
    ],
    [
      'is healthy when the rollout has ended',
      model(seen({ conditions: [READY], rollout: rollout({ phase: 'Completed' }) })),
      'Healthy',
      'es-1 answers',
    ],
    [
      'progresses during a rollout, though stable answers',
      model(
        seen({
          conditions: [READY, condition('Reconciling', 'True', 'step 2 of 5')],
          rollout: rollout({ phase: 'Progressing' }),
        }),
      ),
      'Progressing',
      'step 2 of 5',
    ],
    [
      'is suspended while a rollout is paused',
      model(
        seen({
          conditions: [READY, condition('Reconciling', 'True')],
          rollout: rollout({ phase: 'Paused', pauseReasons: ['StepPause', 'UserPause'] }),
        }),
      ),
      'Suspended',
      'the rollout is paused: StepPause, UserPause',
    ],
    [
      'is degraded when the rollout was given up, though stable answers',
      model(
        seen({
          conditions: [READY],
          rollout: rollout({
            phase: 'Aborted',
            abortReason: 'AnalysisFailed',
            abortMessage: 'errors is 0.02',
          }),
        }),
      ),
      'Degraded',
      'errors is 0.02',
    ],
    [
      'is degraded while it is given up',
      model(
        seen({ conditions: [READY], rollout: rollout({ phase: 'Aborting', abortReason: 'AnalysisFailed' }) }),
      ),
      'Degraded',
      'AnalysisFailed',
    ],
    [
      'is degraded when it is stalled, rather than suspended',
      model(
        seen({
          conditions: [READY, condition('Stalled', 'True', 'no such limits')],
          rollout: rollout({ phase: 'Paused' }),
        }),
      ),
      'Degraded',
      'no such limits',
    ],
    [
      'is degraded when nothing answers and nothing moves',
      model(seen({ conditions: [condition('Ready', 'False', 'no pod is ready')] })),
      'Degraded',
      'no pod is ready',
    ],
    [
      'ignores a condition that does not hold',
      model(seen({ conditions: [condition('Stalled', 'False'), condition('Reconciling', 'False'), READY] })),
      'Healthy',
      'es-1 answers',
    ],
  ])('%s', (_, object, status, message) => {
    expect(healthOf(object)).toEqual({ status, message });
  });
});
