import { describe, expect, it } from 'vitest';

import type { RolloutStatus, TradingModelStatus } from '../../../pkg/tradingmodel/status.ts';
import { colourInk, plainInk } from './ink.ts';
import { type ModelView, modelTree } from './model-tree.ts';
import {
  CRASHING,
  MID_ROLLOUT,
  modelWith,
  podOf,
  READY,
  SPEC,
  STABLE,
  UPDATE,
} from './model-view.testing.ts';
import { drawTree } from './tree.ts';

const draw = (view: ModelView): string => drawTree(modelTree(view), plainInk).join('\n');

const inRollout = (over: Partial<RolloutStatus>): string =>
  draw({ model: modelWith({ ...MID_ROLLOUT, rollout: { ...MID_ROLLOUT.rollout!, ...over } }), pods: [] });

const PODS = [podOf(UPDATE, 'x', CRASHING), podOf(STABLE, 'b', READY), podOf(STABLE, 'a', READY)];

describe('the tree of a model', () => {
  it('tells everything in the middle of a rollout', () => {
    const nowMs = Date.parse('2026-11-26T09:04:05Z');
    expect(draw({ model: modelWith(MID_ROLLOUT), pods: PODS, nowMs })).toMatchInlineSnapshot(`
      "es-direction  in desk
      ├── rollout      Paused  step 3/4: analysis for 10m, for 4m5s now
      │   └── Inconclusive  metrics say neither yes nor no: evidence or \`promote\` goes on
      ├── traffic      75 % es-direction-11111111, 25 % es-direction-22222222  generation 7, followed by every gateway
      ├── revisions
      │   ├── #1  2026-11-01  kept    -     no pods            es-direction-00000000
      │   ├── #2  2026-11-20  stable  75 %  2/2 ready  warm    es-direction-11111111
      │   │   ├── pod es-direction-11111111-a  Running  ready  on node-1
      │   │   └── pod es-direction-11111111-b  Running  ready  on node-1
      │   └── #3  2026-11-26  update  25 %  1/2 ready  failed  es-direction-22222222
      │       ├── answers YM
      │       ├── failed at 2026-11-26T09:00:00Z in es-direction-22222222-x: DigestMismatch: digest must be a, was b
      │       └── pod es-direction-22222222-x  CrashLoopBackOff  not ready  on node-1  3 restarts
      ├── analysis     since 2026-11-26T09:00:00Z
      │   ├── latency-p99  Successful    8.123  stable 8.01  at most 10, at most 1.2 x stable  900 samples
      │   └── errors       Inconclusive  0                   at most 0.001                     120 of 500 samples  too few samples
      ├── conditions
      │   ├── Ready        True   StableServes    es-direction-11111111 answers
      │   └── ModelLoaded  False  DigestMismatch  one pod has failed
      └── last action  promote Refused  at 2026-11-26T09:00:00Z by kim: nothing waits for a person"
    `);
  });

  it.each<[string, TradingModelStatus | undefined, string]>([
    ['no controller has seen it', undefined, 'no controller has seen the model yet'],
    ['its spec is newer than its status', { observedGeneration: 3 }, 'the spec was changed since'],
  ])('says so where %s', (_, status, text) => {
    expect(draw({ model: modelWith(status), pods: [] })).toContain(text);
  });

  it.each<[string, Partial<RolloutStatus>, string]>([
    [
      'a shadow',
      { phase: 'Progressing', stepIndex: 0 },
      'Progressing  step 1/4: shadow for 15m and 5000 requests\n',
    ],
    ['a weight', { phase: 'Progressing', stepIndex: 1 }, 'Progressing  step 2/4: weight 25 %\n'],
    ['a pause for a person', { stepIndex: 3 }, 'Paused  step 4/4: pause until `promote`\n'],
    ['the end', { phase: 'Progressing', stepIndex: 4 }, 'Progressing  all 4 steps done\n'],
    ['no step, when it is over', { phase: 'Completed', stepIndex: 4 }, 'rollout      Completed\n'],
    ['who holds it up', { pauseReasons: ['SpecPaused'] }, 'SpecPaused  spec.rollout.paused is true'],
    [
      'why it was given up',
      { phase: 'Aborted', abortReason: 'MetricFailed', abortMessage: 'errors: 0.2' },
      'MetricFailed  errors: 0.2\n',
    ],
    [
      'that gateways have not followed yet',
      { weightsVerified: false },
      'generation 7, not yet confirmed by every gateway',
    ],
    ['that nothing is judged', { skipsAnalysis: true }, 'promoted in full'],
  ])('names %s', (_, over, text) => {
    expect(inRollout(over)).toContain(text);
  });

  it('tells the symbols of the update as the gateways split them', () => {
    const half: TradingModelStatus = {
      ...MID_ROLLOUT,
      traffic: [
        { revision: STABLE, weight: 50 },
        { revision: UPDATE, weight: 50 },
      ],
    };
    const answers = (status: TradingModelStatus): readonly string[] =>
      /answers (.*)/.exec(draw({ model: modelWith(status), pods: [] }))![1]!.split(' ');
    expect(answers(MID_ROLLOUT)).toHaveLength(1);
    expect(answers(half)).toHaveLength(2);
    expect(answers(half)).toContain(answers(MID_ROLLOUT)[0]);
  });

  it('leaves steps and symbols out where the spec is of another release', () => {
    const text = draw({ model: modelWith(MID_ROLLOUT, { ...SPEC, symbols: 'all' }), pods: PODS });
    expect(text).toContain('the spec is of another release');
    expect(text).toContain('Paused  step 3/4\n');
    expect(text).not.toContain('answers ');
  });

  it('does not lose a pod that the status does not know', () => {
    const text = draw({ model: modelWith({}), pods: PODS });
    for (const { metadata } of PODS) expect(text).toContain(`pod ${metadata.name}`);
  });

  it('says why there are no pods', () => {
    expect(draw({ model: modelWith(MID_ROLLOUT), pods: [], podsMissing: 'may not' })).toContain('── may not');
  });

  it('has the same text in colour', () => {
    const tree = modelTree({ model: modelWith(MID_ROLLOUT), pods: PODS });
    const coloured = drawTree(tree, colourInk).join('\n');
    expect(coloured).toContain('\u001B[');
    // oxlint-disable-next-line no-control-regex -- these are the colours
    expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(drawTree(tree, plainInk).join('\n'));
  });
});
