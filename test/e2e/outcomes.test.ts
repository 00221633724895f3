import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startEngine } from '../../pkg/history/embedded/start-engine.ts';
import { History } from '../../pkg/history/history.ts';
import type { Row } from '../../pkg/history/rows.ts';
import type { ModelScore } from '../../pkg/prediction/scorecard/scorecard.ts';
import { randomArtifact } from '../support/artifact.ts';
import { runCli } from '../support/cli.ts';
import { HAS_RECORDINGS, recording } from '../support/recordings.ts';

/** Rows of two tables that a finished run left behind. */
async function recorded(directory: string): Promise<{ bars: readonly Row[]; predictions: readonly Row[] }> {
  const engine = await startEngine(join(directory, 'history'));
  const history = await History.open({ ...engine, database: 'tradewind' });
  try {
    return { bars: await history.contents('bars'), predictions: await history.contents('predictions') };
  } finally {
    await history.close();
    await engine.stop();
  }
}

describe.skipIf(!HAS_RECORDINGS)('predictions of a run against outcomes', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-outcomes-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are as right as the history of the run says', async () => {
    const model = await randomArtifact(folder);
    const { code, stdout } = await runCli([
      ...['up', '--source', 'replay', '--file', recording('quotes/usdjpy_ticks.csv'), '--speed', 'max'],
      ...['--set', 'core-v1', '--model', model, '--data', join(folder, 'data')],
      ...['--grpc-port', '0', '--http-port', '0', '--json'],
    ]);
    expect(code).toBe(0);
    const { outcomes, predictions } = JSON.parse(stdout) as { outcomes: ModelScore[]; predictions: number };
    expect(outcomes).toHaveLength(1);
    const [score] = outcomes as [ModelScore];
    expect(score.settled + score.deadZone + score.waiting).toBe(predictions);

    const [stream] = await readdir(join(folder, 'data'));
    const rows = await recorded(join(folder, 'data', stream!));
    const bars = rows.bars.toSorted((a, b) => Number(a['end_time_us']) - Number(b['end_time_us']));
    const at = new Map(bars.map((bar, i) => [Number(bar['end_time_us']), i]));
    const counts = { right: 0, wrong: 0, still: 0, open: 0 };
    for (const { feature_time_us: timeUs, probability_up: probability } of rows.predictions) {
      if (probability === null) continue;
      const i = at.get(Number(timeUs))!;
      const [now, next] = [bars[i], bars[i + 1]];
      if (next === undefined) counts.open += 1;
      else if (next['close'] === now!['close']) counts.still += 1;
      else if (Number(probability) > 0.5 === Number(next['close']) > Number(now!['close'])) counts.right += 1;
      else counts.wrong += 1;
    }
    expect(counts).toEqual({
      ...{ right: score.right, wrong: score.settled - score.right },
      ...{ still: score.deadZone, open: score.waiting },
    });
    expect(score.settled).toBeGreaterThan(100);
  }, 120_000);
});
