import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect } from 'vitest';

import { MANIFEST_FILE, sha256 } from '../../pkg/artifacts/artifact.ts';
import { kubernetesMissing } from '../servers/kubernetes.ts';
import { randomArtifact } from '../support/artifact.ts';
import { eventually } from '../support/eventually.ts';
import type { Json } from './api-objects.ts';
import { PER_SECOND } from './prediction-load.ts';
import { RealPods } from './real-pods.ts';
import { weights, type World } from './world.ts';
import { type OpenWorld, worldFixture } from './world-fixture.ts';

const SYMBOLS = ['ES', 'NQ', 'RTY', 'YM', 'CL', 'GC', 'ZN', '6E'];
const WITHIN_MS = 180_000;

describe.skipIf(kubernetesMissing() !== undefined)(
  'predictions while the operator works, by real predictors and a real gateway',
  { timeout: 400_000 },
  () => {
    const { it } = worldFixture();
    const models: Json[] = [];
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tradewind-operator-'));
      // The third says up whatever it is asked.
      for (const [seed, over] of [
        [1, {}],
        [2, {}],
        [3, { intercept: 30 }],
      ] as const) {
        const path = await randomArtifact(folder, { seed, ...over });
        const digest = sha256(await readFile(join(path, MANIFEST_FILE)));
        models.push({ version: `v${seed}`, uri: `file://${path}`, digest });
      }
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    /** A model whose first version answers, the gateway, and what begins a load. */
    async function serving(open: OpenWorld, steps: readonly object[], analysis: object = {}) {
      const pods = new RealPods();
      const world = await open('traffic', { isCounting: true, run: pods.run });
      await world.create('m', { symbols: SYMBOLS, model: models[0], rollout: { steps, analysis } });
      const before = (await world.untilStable('m', 'v1', WITHIN_MS)).stableRevision as string;
      const load = world.load!;
      await eventually(() => load.answered() > PER_SECOND, WITHIN_MS);
      return { pods, world, before, load };
    }

    const begin = async (world: World, model = models[1]): Promise<string> => {
      await world.patch('m', { model });
      return (await world.until('m', (status) => status.updateRevision !== undefined))
        .updateRevision as string;
    };

    it('none fails while a new version takes over by steps, and each symbol changes revision once', async ({
      open,
    }) => {
      const { world, before, load } = await serving(open, [
        { setWeight: 25 },
        { setWeight: 50 },
        { setWeight: 100 },
      ]);
      const after = await begin(world);
      await world.untilStable('m', 'v2', WITHIN_MS);
      // The pods of the first version go too.
      await world.advance('m', 60);
      await eventually(async () => (await world.objects.list('pods')).length === 1, WITHIN_MS);
      const answered = load.answered();
      await eventually(() => load.answered() > answered + PER_SECOND, WITHIN_MS);
      const report = await load.stop();
      expect(report.failures).toEqual([]);
      expect(report.perSecond).toBeGreaterThanOrEqual(200);
      for (const symbol of SYMBOLS)
        expect([symbol, report.revisions.get(symbol)]).toEqual([symbol, [before, after]]);
    });

    it('none fails while a worse version is measured and taken back, and each symbol goes and comes back once', async ({
      open,
    }) => {
      const { world, before, load } = await serving(
        open,
        [{ setWeight: 50 }, { analysis: { durationSeconds: 60 } }],
        {
          intervalSeconds: 5,
          metrics: [{ name: 'drift', builtin: 'PredictionPSI', max: '0.5', minSamples: 200 }],
        },
      );
      const after = await begin(world, models[2]);
      const status = await world.until('m', ({ rollout }) => rollout?.phase === 'Aborted', WITHIN_MS);
      expect(status.rollout).toMatchObject({ abortReason: 'AnalysisFailed' });
      await eventually(
        async () => (await world.objects.get('deployments', after)).spec.replicas === 0,
        WITHIN_MS,
      );
      const answered = load.answered();
      await eventually(() => load.answered() > answered + PER_SECOND, WITHIN_MS);
      const report = await load.stop();
      expect(report.failures).toEqual([]);
      expect(report.perSecond).toBeGreaterThanOrEqual(200);
      const ways = SYMBOLS.map((symbol) => report.revisions.get(symbol)!.join(' '));
      expect(new Set(ways)).toEqual(new Set([before, `${before} ${after} ${before}`]));
    });

    it('none fails while the predictors of a new version are killed again and again, which ends its rollout', async ({
      open,
    }) => {
      const { pods, world, before, load } = await serving(open, [{ setWeight: 50 }, { pause: {} }]);
      const after = await begin(world);
      await world.until(
        'm',
        (status) => weights(status)[after] === 50 && status.rollout.weightsVerified,
        WITHIN_MS,
      );
      const answeredBy = (): boolean =>
        (world.gateway.directory.report()[0]?.revisions.find(({ revision }) => revision === after)?.counters
          .requests ?? 0) > 100;
      await eventually(answeredBy, WITHIN_MS);
      const status = await eventually(
        async () => {
          pods.kill(models[1].digest);
          const now = await world.status('m');
          return now.rollout.phase === 'Aborted' && now;
        },
        WITHIN_MS,
        200,
      );
      expect(status.rollout.abortReason).toBe('CrashLooping');
      expect(weights(status)).toEqual({ [before]: 100 });
      const answered = load.answered();
      await eventually(() => load.answered() > answered + PER_SECOND, WITHIN_MS);
      const report = await load.stop();
      // Symbols of the update went to the stable revision whenever no predictor of it lived.
      world.load = undefined;
      expect(report.failures).toEqual([]);
      for (const symbol of SYMBOLS) expect(report.revisions.get(symbol)!.at(-1)).toBe(before);
      expect([...report.revisions.values()].some((list) => list.includes(after))).toBe(true);
    });
  },
);
